#include "auth-service/src/admin/api_token.hpp"

#include <set>

#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::admin;

TEST_CASE("tokens have one form, are never the same, and hold together") {
    REQUIRE(init_crypto());
    std::set<std::string> seen;
    for (int i = 0; i < 1'000; ++i) {
        const auto text = make_token_text();
        CHECK(text.size() == 59);
        CHECK(text.starts_with("stagedoor_"));
        CHECK(is_token_text(text));
        seen.insert(text);
    }
    CHECK(seen.size() == 1'000);
}

TEST_CASE("one wrong character anywhere is noticed") {
    REQUIRE(init_crypto());
    const auto text = make_token_text();
    for (std::size_t i = 0; i < text.size(); ++i) {
        for (const char c : {'0', 'A', 'z', '_', '-', ' ', '\0', '\x80'}) {
            auto wrong = text;
            if (wrong[i] == c) continue;
            wrong[i] = c;
            INFO(wrong);
            CHECK_FALSE(is_token_text(wrong));
        }
    }
    for (const auto& wrong :
         {text + "0", text.substr(1), text.substr(0, 58), std::string{}, std::string{"stagedoor_"}}) {
        CHECK_FALSE(is_token_text(wrong));
    }
}

TEST_CASE("who may approve may read, and not the other way round") {
    CHECK(reaches(token_scope::approve, token_scope::read));
    CHECK(reaches(token_scope::read, token_scope::read));
    CHECK_FALSE(reaches(token_scope::read, token_scope::approve));
    for (const auto scope : {token_scope::read, token_scope::approve}) CHECK(parse_scope(to_string(scope)) == scope);
    CHECK_FALSE(parse_scope("write"));
}

TEST_CASE("what is sealed only its key opens, whole and unchanged") {
    REQUIRE(init_crypto());
    const auto key = sha256("a key");
    for (const auto& text : {std::string{}, std::string{"text"}, std::string(100'000, 'x')}) {
        const auto sealed = seal(key, text);
        CHECK(unseal(key, sealed) == text);
        CHECK(seal(key, text) != sealed);
        CHECK_FALSE(unseal(sha256("another"), sealed));
        for (std::size_t i = 0; i < sealed.size(); i += 1 + sealed.size() / 50) {
            auto changed = sealed;
            changed[i] = static_cast<char>(changed[i] ^ 1);
            CHECK_FALSE(unseal(key, changed));
        }
        CHECK_FALSE(unseal(key, std::string_view{sealed}.substr(0, sealed.size() - 1)));
    }
    CHECK_FALSE(unseal(key, ""));
}
