#include "auth-service/src/http/requirement.hpp"

#include "tests/support/catch.hpp"

using namespace stagedoor;
using api::requirement;

namespace {

constexpr std::array roles{user_role::stage_manager, user_role::admin};
constexpr std::array statuses{user_status::pending, user_status::active, user_status::rejected, user_status::suspended};

result<void> judged(std::string_view query, user_role role, user_status status) {
    std::string complaint;
    const auto wanted = requirement::parse(query, complaint);
    INFO(query << ": " << complaint);
    REQUIRE(wanted);
    user_facts user;
    user.role = role;
    user.status = status;
    return wanted->admits(user);
}

}  // namespace

TEST_CASE("asking for nothing admits everybody who is signed in") {
    for (const auto role : roles) {
        for (const auto status : statuses) CHECK(judged("", role, status));
    }
}

TEST_CASE("a requirement admits exactly the roles and statuses that it names") {
    for (unsigned wanted_roles = 0; wanted_roles < 4; ++wanted_roles) {
        for (unsigned wanted_statuses = 0; wanted_statuses < 16; ++wanted_statuses) {
            std::string query;
            for (std::size_t i = 0; i < roles.size(); ++i) {
                if (wanted_roles >> i & 1) query.append("&role=").append(to_string(roles[i]));
            }
            std::string list;
            for (std::size_t i = 0; i < statuses.size(); ++i) {
                if (wanted_statuses >> i & 1) list.append(list.empty() ? "" : ",").append(to_string(statuses[i]));
            }
            if (!list.empty()) query.append("&status=").append(list);
            for (std::size_t r = 0; r < roles.size(); ++r) {
                for (std::size_t s = 0; s < statuses.size(); ++s) {
                    const bool expected = (wanted_roles == 0 || (wanted_roles >> r & 1) != 0) &&
                                          (wanted_statuses == 0 || (wanted_statuses >> s & 1) != 0);
                    INFO(query << " for " << to_string(roles[r]) << " " << to_string(statuses[s]));
                    CHECK(judged(query, roles[r], statuses[s]).has_value() == expected);
                }
            }
        }
    }
}

TEST_CASE("who is kept out hears why: the role first, then the status") {
    const auto why = [](auto... given) { return to_errc(judged(given...).error()); };
    CHECK(why("role=admin&status=active", user_role::stage_manager, user_status::pending) == errc::forbidden);
    CHECK(why("status=active", user_role::stage_manager, user_status::pending) == errc::account_pending);
    CHECK(why("status=active", user_role::stage_manager, user_status::rejected) == errc::account_rejected);
    CHECK(why("status=active", user_role::stage_manager, user_status::suspended) == errc::account_suspended);
    CHECK(why("status=pending", user_role::stage_manager, user_status::active) == errc::forbidden);
}

TEST_CASE("a requirement that cannot be understood is none, and says what is wrong") {
    for (const auto* query : {"role", "role=", "role=,", "role=admin,", "role=,admin", "role=Admin", "role=admin%00",
                              "role=%zz", "role=admin&status=", "status=open", "status=active;role=admin",
                              "roles=admin", "x", "=admin", "role=admin&next=/x"}) {
        std::string complaint;
        INFO(query);
        CHECK_FALSE(requirement::parse(query, complaint));
        CHECK_FALSE(complaint.empty());
    }
}
