#include "common/http/route_table.hpp"

#include <stdexcept>

#include "tests/support/catch.hpp"

using namespace stagedoor::http;
using kind = route_table::outcome::kind;

namespace {

constexpr route_table::route routes[] = {
    {method::get, "/"},
    {method::get, "/api/auth/me"},
    {method::post, "/api/auth/login"},
    {method::get, "/api/stage-manager/profile"},
    {method::patch, "/api/stage-manager/profile"},
    {method::post, "/api/admin/stage-managers/{id}/approve"},
    {method::post, "/api/admin/stage-managers/bulk"},
    {method::get, "/api/admin/users/{user}/sessions/{session}"},
    {method::del, "/api/auth/sessions/{id}"},
};

}  // namespace

TEST_CASE("an endpoint is found by method and path") {
    const route_table table{routes};
    for (std::size_t i = 0; i < std::size(routes); ++i) {
        if (routes[i].pattern.find('{') != std::string_view::npos) continue;
        const auto found = table.find(routes[i].verb, routes[i].pattern);
        INFO(routes[i].pattern);
        CHECK(found.what == kind::found);
        CHECK(found.index == i);
        CHECK(found.match.pattern == routes[i].pattern);
    }
}

TEST_CASE("a parameter stands for one segment that is not empty") {
    const route_table table{routes};
    const auto approve = table.find(method::post, "/api/admin/stage-managers/7/approve");
    REQUIRE(approve.what == kind::found);
    CHECK(approve.index == 5);
    CHECK(approve.match.parameters[0].name == "id");
    CHECK(approve.match.parameters[0].value == "7");
    const auto session = table.find(method::get, "/api/admin/users/u/sessions/s");
    REQUIRE(session.what == kind::found);
    CHECK(session.match.parameters[0].value == "u");
    CHECK(session.match.parameters[1].name == "session");
    CHECK(session.match.parameters[1].value == "s");
    for (const auto* path :
         {"/api/admin/stage-managers//approve", "/api/admin/stage-managers/7/8/approve", "/api/admin/stage-managers/7",
          "/api/admin/stage-managers/7/approve/", "/api/auth/sessions/", "/api/auth/sessions"}) {
        INFO(path);
        CHECK(table.find(method::post, path).what == kind::not_found);
    }
}

TEST_CASE("HEAD is served by GET's endpoint") {
    const route_table table{routes};
    CHECK(table.find(method::head, "/api/auth/me").index == 1);
    CHECK(table.find(method::head, "/api/auth/login").what == kind::method_not_allowed);
}

TEST_CASE("a known path with another method says which are allowed") {
    const route_table table{routes};
    const auto allowed = [&](method verb, std::string_view path) {
        const auto found = table.find(verb, path);
        CHECK(found.what == kind::method_not_allowed);
        return route_table::allow_field(found.allowed);
    };
    CHECK(allowed(method::other, "/") == "GET, HEAD");
    CHECK(allowed(method::put, "/api/stage-manager/profile") == "GET, HEAD, PATCH");
    CHECK(allowed(method::get, "/api/admin/stage-managers/7/approve") == "POST");
    CHECK(allowed(method::get, "/api/auth/sessions/7") == "DELETE");
}

TEST_CASE("paths that look like ours are not found") {
    const route_table table{routes};
    for (const auto* path : {"", "x", "/api", "/api/auth/me/", "/api/auth/ME", "//", "/api//auth/me", "/api/auth/m",
                             "/../", "/api/auth/me\xc3\xa9"}) {
        INFO(path);
        CHECK(table.find(method::get, path).what == kind::not_found);
    }
}

TEST_CASE("malformed patterns and endpoints in each other's way stop the start") {
    for (const auto* pattern : {"", "a", "/{", "/}", "/{}", "/a{id}", "/{id}b", "/{a}/{b}/{c}/{d}/{e}"}) {
        INFO(pattern);
        CHECK_FALSE(is_pattern(pattern));
        const route_table::route bad[] = {{method::get, pattern}};
        CHECK_THROWS_AS(route_table{bad}, std::logic_error);
    }
    const route_table::route twice[] = {{method::get, "/a"}, {method::get, "/a"}};
    CHECK_THROWS_AS(route_table{twice}, std::logic_error);
}
