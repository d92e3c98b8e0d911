#include "tests/support/catch.hpp"

#include "auth-service/src/user/email.hpp"

using stagedoor::user::normalise_email;

TEST_CASE("addresses are folded to lower case and trimmed") {
    CHECK(normalise_email(" Ada.Lovelace+stage@Example.COM ") == "ada.lovelace+stage@example.com");
    CHECK(normalise_email("root@localhost") == "root@localhost");
    CHECK(normalise_email("o'brien@a-b.example") == "o'brien@a-b.example");
}

TEST_CASE("what is no address is refused") {
    for (const std::string text :
         {"", "@", "a@", "@b", "a", "a b@c.d", "a@b c", "a@@b", "a@b@c", "a@-b.c", "a@b-.c", "a@b..c", ".a@b", "a.@b",
          "a..b@c", "a@.b", "a@b.", "<a@b.c>", "\"a\"@b.c", "a\n@b.c", "\u00e4@b.c", "a@\u00e4.c"}) {
        INFO(text);
        CHECK_FALSE(normalise_email(text));
    }
    CHECK_FALSE(normalise_email(std::string(65, 'a') + "@b.c"));
    CHECK_FALSE(normalise_email("a@" + std::string(64, 'b') + ".c"));
    CHECK_FALSE(normalise_email("a@" + std::string(63, 'b') + "." + std::string(63, 'c') + "." + std::string(63, 'd') +
                                "." + std::string(63, 'e')));
}
