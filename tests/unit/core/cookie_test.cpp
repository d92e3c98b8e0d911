#include "tests/support/catch.hpp"

#include "common/core/cookie.hpp"

using namespace stagedoor;

namespace {

std::vector<std::string_view> all_of(std::string_view header, std::string_view name) {
    std::vector<std::string_view> found;
    for (const auto value : find_cookies(header, name)) found.push_back(value);
    return found;
}

}  // namespace

TEST_CASE("cookies of our name are found among others, in order") {
    const auto found = all_of("a=1; stagedoor-8080=one; stagedoor-80801=x; stagedoor-8080=two", "stagedoor-8080");
    CHECK(found == std::vector<std::string_view>{"one", "two"});
}

TEST_CASE("all cookies of our name are found, however many there are") {
    std::string header;
    for (int i = 0; i < 800; ++i) header += "s=" + std::to_string(i) + "; ";
    const auto found = all_of(header, "s");
    REQUIRE(found.size() == 800);
    CHECK(found.back() == "799");
}

TEST_CASE("odd Cookie fields do no harm") {
    for (const auto* header : {"", ";", ";;;=", "s", "=s", "s;s", " ; s", "s ="}) {
        INFO(header);
        CHECK(all_of(header, "s").empty());
    }
    CHECK(all_of("s=", "s").size() == 1);
}

TEST_CASE("on https the cookie is a Secure host cookie, on http its name carries the port") {
    const session_cookie secure{true, 443};
    CHECK(secure.set("t", std::chrono::seconds{60}) ==
          "__Host-stagedoor=t; Max-Age=60; Path=/; HttpOnly; SameSite=Lax; Secure");
    const session_cookie plain{false, 8080};
    CHECK(plain.set("t", std::chrono::seconds{60}) == "stagedoor-8080=t; Max-Age=60; Path=/; HttpOnly; SameSite=Lax");
    CHECK(plain.clear().starts_with("stagedoor-8080=; Max-Age=0"));
}

TEST_CASE("a cookie for all hosts of a domain has another name, and is set and cleared alike") {
    const session_cookie shared{true, 443, "example.org"};
    CHECK(shared.set("t", std::chrono::seconds{60}) ==
          "__Secure-stagedoor=t; Max-Age=60; Path=/; HttpOnly; SameSite=Lax; Secure; Domain=example.org");
    CHECK(shared.clear() ==
          "__Secure-stagedoor=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure; Domain=example.org");
}

TEST_CASE("a cookie domain has to be a domain, and to hold the host of every origin, on https") {
    const auto complaint = [](std::string_view domain, std::vector<std::string> origins) {
        return complaint_about_cookie_domain(domain, origins);
    };
    CHECK(complaint("example.org", {"https://example.org"}).empty());
    CHECK(complaint("example.org", {"https://a.b.example.org:8443", "https://example.org"}).empty());
    CHECK(complaint("a-1.example.org", {"https://a-1.example.org"}).empty());
    for (const auto* domain : {"", "org", ".example.org", "example.org.", "example..org", "-a.org", "a-.org", "Example.org",
                               "127.0.0.1", "[::1]", "example.org; Path=/x", "*.example.org", "ex ample.org"}) {
        INFO(domain);
        CHECK(complaint(domain, {"https://example.org"}).find("is no domain") != std::string::npos);
    }
    CHECK(complaint("example.org", {"http://example.org"}).find("needs https") != std::string::npos);
    for (const auto* origin : {"https://notexample.org", "https://example.org.evil.example", "https://org",
                               "https://example.com"}) {
        INFO(origin);
        CHECK(complaint("example.org", {"https://example.org", origin}).find(origin) != std::string::npos);
    }
}
