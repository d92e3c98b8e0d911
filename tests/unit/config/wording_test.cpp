#include "common/config/wording.hpp"

#include "tests/support/catch.hpp"

using namespace stagedoor::config;

TEST_CASE("passwords in URLs are masked, also those that hold odd characters") {
    CHECK(without_passwords("redis://user:hunter2@host:6379/0") == "redis://user:***@host:6379/0");
    CHECK(without_passwords("redis://:p@ss/w:rd@host") == "redis://:***@host");
    CHECK(without_passwords("postgresql://host/db?user=a&password=x&sslmode=require") ==
          "postgresql://host/db?user=a&password=***&sslmode=require");
    CHECK(without_passwords("host=h password=x") == "host=h password=***");
    CHECK(without_passwords("redis://host:6379") == "redis://host:6379");
    CHECK(without_passwords("unix:/run/redis.sock") == "unix:/run/redis.sock");
    CHECK(without_passwords("admin@example.com") == "admin@example.com");
}

TEST_CASE("a quoted value cannot act on the terminal") {
    CHECK(in_quotes("a\nb\x1b[31m") == "'a\\nb\\u001b[31m'");
    CHECK(in_quotes(std::string(1000, 'x')).size() < 200);
}

TEST_CASE("the nearest name is the one that was probably meant") {
    const std::vector<std::string> names{"serve", "migrate", "create-admin", "check-config"};
    CHECK(nearest("srve", names) == "serve");
    CHECK(nearest("sevre", names) == "serve");
    CHECK(nearest("migration", names) == "migrate");
    CHECK(nearest("create", names) == "create-admin");
    CHECK(nearest("xyz", names).empty());
    CHECK(nearest("", names).empty());
    CHECK(nearest(std::string(100'000, 'x'), names).empty());
}

TEST_CASE("text is wrapped at spaces, and a long word stays whole") {
    CHECK(wrapped("one two three", 2, 9) == "  one two\n  three\n");
    CHECK(wrapped("a incomprehensibilities b", 0, 5) == "a\nincomprehensibilities\nb\n");
    CHECK(wrapped("", 2) == "  \n");
}
