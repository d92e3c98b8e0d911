#include "common/http/query.hpp"

#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::http;

TEST_CASE("a target is taken apart into its path and its query") {
    struct row {
        std::string_view text, path, query;
    };
    for (const auto& each : {
             row{"/", "/", ""},
             row{"/api/auth/me", "/api/auth/me", ""},
             row{"/ws?cursor=a-1", "/ws", "cursor=a-1"},
             row{"/a?b?c", "/a", "b?c"},
             row{"/a?", "/a", ""},
             row{"/%61%2e%2E/b", "/a../b", ""},
             row{"/caf%C3%A9", "/caf\xc3\xa9", ""},
             row{"//two", "//two", ""},
             row{"/.well-known/a..b/...", "/.well-known/a..b/...", ""},
             row{"/a+b", "/a+b", ""},
             row{"/a?x=%2F%zz", "/a", "x=%2F%zz"},
             row{"http://example.com/a?b", "/a", "b"},
             row{"https://example.com:8443/a", "/a", ""},
         }) {
        INFO(each.text);
        target parsed;
        REQUIRE(parse_target(each.text, parsed));
        CHECK(parsed.path == each.path);
        CHECK(parsed.query == each.query);
    }
}

TEST_CASE("targets that readers could take for different things are refused") {
    for (const std::string_view text : {"",
                                        "*",
                                        "a",
                                        "example.com:443",
                                        "http://",
                                        "http:///a",
                                        "http://user:secret@a/b",
                                        "http://a b/",
                                        "http://a\\@b/",
                                        "http://a:70000/",
                                        "/..",
                                        "/a/../b",
                                        "/a/./b",
                                        "/a/%2e%2E/b",
                                        "/a\\b",
                                        "/a%5cb",
                                        "http://example.com",
                                        "ftp://example.com/a",
                                        "/a#b",
                                        "/a b",
                                        "/a%",
                                        "/a%2",
                                        "/a%zz",
                                        "/a%2fb",
                                        "/a%2Fb",
                                        "/%00",
                                        "/%0d%0aSet-Cookie:x",
                                        "/%7f",
                                        "/%c3",
                                        "/%ff",
                                        "/%ed%a0%80",
                                        "/caf\xc3\xa9"}) {
        INFO(text);
        target parsed;
        CHECK_FALSE(parse_target(text, parsed));
    }
    target parsed;
    CHECK_FALSE(parse_target(std::string_view{"/a\0b", 4}, parsed));
}

TEST_CASE("a query's parameters are found by name, the first of each") {
    const auto parsed = query::parse("status=pending&q=%C3%A9+a%2Bb&status=active&empty=&flag&&=x");
    REQUIRE(parsed);
    CHECK(parsed->find("status") == "pending");
    CHECK(parsed->find("q") == "\xc3\xa9 a+b");
    CHECK(parsed->find("empty") == "");
    CHECK(parsed->find("flag") == "");
    CHECK(parsed->find("") == "x");
    CHECK_FALSE(parsed->find("cursor"));
    CHECK(parsed->all().size() == 6);
}

TEST_CASE("malformed and oversized queries are bad requests") {
    for (const std::string_view text : {"a=%", "a=%1", "%zz=1", "a=%ff", "a=%00", "a=%0a", "%c3=1"}) {
        INFO(text);
        const auto parsed = query::parse(text);
        REQUIRE_FALSE(parsed);
        CHECK(to_errc(parsed.error()) == errc::bad_request);
    }
    std::string many = "a=1";
    for (std::size_t i = 1; i < query_parameters; ++i) many += "&a=1";
    CHECK(query::parse(many));
    CHECK_FALSE(query::parse(many + "&a=1"));
}
