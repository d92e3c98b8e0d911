#include "tests/support/catch.hpp"

#include "common/core/origin.hpp"

using namespace stagedoor;

TEST_CASE("origins are read as browsers write them") {
    CHECK(parse_origin("https://Example.com")->text == "https://example.com");
    CHECK(parse_origin("https://example.com:443")->text == "https://example.com");
    CHECK(parse_origin("http://localhost:8080")->text == "http://localhost:8080");
    CHECK(parse_origin("http://localhost:8080")->port == 8080);
    CHECK(parse_origin("http://[::1]:8080")->text == "http://[::1]:8080");
    CHECK(parse_origin("http://[::1]")->port == 80);
}

TEST_CASE("what is no origin is refused") {
    for (const auto* text : {"", "localhost", "ftp://x", "https://", "https://x/", "https://x/path", "https://u@x", "*",
                             "https://*.x.com", "http://x:0", "http://x:65536", "http://x:", "null",
                             "http://::1", "http://f:g:80", "http://[::1", "http://[]", "http://[x]", "http://a[::1]"}) {
        INFO(text);
        CHECK_FALSE(parse_origin(text));
    }
}

TEST_CASE("an origin's host has neither scheme nor port") {
    CHECK(parse_origin("https://Example.com")->host() == "example.com");
    CHECK(parse_origin("http://localhost:8080")->host() == "localhost");
    CHECK(parse_origin("https://[::1]:8443")->host() == "[::1]");
    CHECK(parse_origin("https://[::1]")->host() == "[::1]");
}

TEST_CASE("an Origin field is allowed only when it is exactly one of ours") {
    const allowed_origins ours{{*parse_origin("https://example.com"), *parse_origin("http://localhost:8080")}};
    CHECK(ours.contains("https://example.com"));
    CHECK(ours.contains("http://localhost:8080"));
    for (const auto* text : {"https://example.com.evil", "https://evil-example.com", "http://example.com", "null", "",
                             "https://example.com/", "HTTPS://EXAMPLE.COM"}) {
        INFO(text);
        CHECK_FALSE(ours.contains(text));
    }
}
