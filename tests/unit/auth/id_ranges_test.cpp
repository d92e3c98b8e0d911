#include "auth-service/src/approval/id_ranges.hpp"

#include <random>
#include <set>

#include "tests/support/catch.hpp"

using namespace stagedoor::approval;

namespace {

using plain_set = std::set<std::int64_t>;

plain_set ids_in(const id_ranges& ranges) {
    plain_set ids;
    for (const auto& [first, last] : ranges.ranges()) {
        for (auto id = first; id <= last; ++id) ids.insert(id);
    }
    return ids;
}

}  // namespace

TEST_CASE("ids that follow each other are one stretch, in whatever order they come") {
    id_ranges ids{4, 2, 3, 9, 1};
    CHECK(ids.ranges() == std::map<std::int64_t, std::int64_t>{{1, 4}, {9, 9}});
    ids.insert(3);
    CHECK(ids.size() == 5);
    CHECK(ids.lowest(2).ranges() == std::map<std::int64_t, std::int64_t>{{1, 2}});
    CHECK(ids.lowest(9).ranges() == ids.ranges());
    ids.erase({2, 9});
    CHECK(ids.ranges() == std::map<std::int64_t, std::int64_t>{{1, 1}, {3, 4}});
}

TEST_CASE("ranges hold the ids that a set holds, whatever is put in and taken out") {
    constexpr unsigned seed = 20261125;
    INFO("seed " << seed);
    std::mt19937 random{seed};
    std::uniform_int_distribution<std::int64_t> any_id{1, 40};
    for (int round = 0; round < 200; ++round) {
        id_ranges ids;
        plain_set expected;
        for (int step = 0; step < 60; ++step) {
            if (random() % 4 != 0) {
                const auto id = any_id(random);
                ids.insert(id);
                expected.insert(id);
            } else {
                id_ranges gone;
                for (auto left = random() % 6; left > 0; --left) gone.insert(any_id(random));
                for (const auto id : ids_in(gone)) expected.erase(id);
                ids.erase(gone);
            }
            REQUIRE(ids_in(ids) == expected);
            REQUIRE(ids.size() == expected.size());
            const auto asked = any_id(random);
            REQUIRE(ids.contains(asked) == expected.contains(asked));
        }
    }
}
