#include "tests/support/catch.hpp"
#include <vector>

#include "auth-service/src/pages/access.hpp"

using namespace stagedoor;
using namespace stagedoor::pages;

namespace {

std::vector<std::optional<visitor>> all_visitors() {
    std::vector<std::optional<visitor>> all{std::nullopt};
    for (const auto role : all_roles) {
        for (const auto status : all_statuses) all.push_back(visitor{role, status});
    }
    return all;
}

// The page at which a browser ends that follows every redirect, and how many it followed.
struct journey {
    page end;
    int redirects;
};
journey travel(page from, const std::optional<visitor>& who) {
    journey at{from, 0};
    while (const auto next = redirect_from(at.end, who)) {
        at.end = *next;
        ++at.redirects;
        REQUIRE(at.redirects <= 2);
    }
    return at;
}

std::string describe(page from, const std::optional<visitor>& who) {
    std::string text{path_of(from)};
    if (!who) return text + " signed out";
    return text + " as " + std::string{to_string(who->role)} + ", " + std::string{to_string(who->status)};
}

}  // namespace

TEST_CASE("no page redirects in a loop, whoever asks") {
    for (const auto from : all_pages) {
        for (const auto& who : all_visitors()) {
            INFO(describe(from, who));
            const auto at = travel(from, who);
            CHECK_FALSE(redirect_from(at.end, who));
            CHECK(at.redirects <= 1);
        }
    }
}

TEST_CASE("every visitor may see the page that is their home") {
    for (const auto& who : all_visitors()) {
        INFO(describe(home_of(who), who));
        CHECK_FALSE(redirect_from(home_of(who), who));
    }
}

TEST_CASE("every visitor ends where they belong") {
    using enum user_role;
    using enum user_status;
    const visitor active_manager{stage_manager, active}, pending_manager{stage_manager, pending};
    const visitor rejected_manager{stage_manager, rejected}, suspended_manager{stage_manager, suspended};
    const visitor boss{admin, active};
    struct expectation {
        page from;
        std::optional<visitor> who;
        page end;
    };
    const expectation table[] = {
        {page::root, {}, page::login},
        {page::login, {}, page::login},
        {page::registration, {}, page::registration},
        {page::pending, {}, page::login},
        {page::dashboard, {}, page::login},
        {page::admin, {}, page::login},
        {page::root, pending_manager, page::pending},
        {page::login, pending_manager, page::pending},
        {page::registration, pending_manager, page::pending},
        {page::pending, pending_manager, page::pending},
        {page::dashboard, pending_manager, page::dashboard},  // refreshes first, then goes on to pending
        {page::admin, pending_manager, page::pending},
        {page::root, active_manager, page::dashboard},
        {page::login, active_manager, page::dashboard},
        {page::pending, active_manager, page::dashboard},
        {page::dashboard, active_manager, page::dashboard},
        {page::admin, active_manager, page::dashboard},
        {page::root, rejected_manager, page::pending},
        {page::dashboard, rejected_manager, page::pending},
        {page::pending, rejected_manager, page::pending},
        {page::dashboard, suspended_manager, page::login},
        {page::login, suspended_manager, page::login},
        {page::root, boss, page::admin},
        {page::login, boss, page::admin},
        {page::dashboard, boss, page::admin},
        {page::pending, boss, page::admin},
        {page::admin, boss, page::admin},
        {page::account, {}, page::login},
        {page::account, pending_manager, page::account},
        {page::account, active_manager, page::account},
        {page::account, rejected_manager, page::account},
        {page::account, suspended_manager, page::login},
        {page::account, boss, page::account},
    };
    for (const auto& row : table) {
        INFO(describe(row.from, row.who));
        CHECK(travel(row.from, row.who).end == row.end);
    }
}

TEST_CASE("everybody who may stay signed in sees the account page, and it is nobody's home") {
    for (const auto& who : all_visitors()) {
        const bool may = who && who->status != user_status::suspended;
        INFO(describe(page::account, who));
        CHECK(!redirect_from(page::account, who) == may);
        CHECK(home_of(who) != page::account);
    }
}

TEST_CASE("only an active admin sees the admin page") {
    for (const auto& who : all_visitors()) {
        const bool may = who && who->role == user_role::admin && who->status == user_status::active;
        INFO(describe(page::admin, who));
        CHECK(!redirect_from(page::admin, who) == may);
    }
}
