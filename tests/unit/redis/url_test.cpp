#include <catch2/catch.hpp>

#include "common/redis/url.hpp"

using stagedoor::redis::parse_url;

TEST_CASE("a Redis URL of a host has the default port unless it names another") {
    const auto plain = parse_url("redis://cache.internal");
    REQUIRE(plain.has_value());
    CHECK(plain->host == "cache.internal");
    CHECK(plain->port == 6379);
    CHECK_FALSE(plain->is_unix());
    CHECK(plain->display() == "redis://cache.internal:6379");

    const auto with_port = parse_url("redis://127.0.0.1:7000/0");
    REQUIRE(with_port.has_value());
    CHECK(with_port->host == "127.0.0.1");
    CHECK(with_port->port == 7000);
}

TEST_CASE("a Redis URL may name an IPv6 address in brackets") {
    const auto parsed = parse_url("redis://[::1]:7000");
    REQUIRE(parsed.has_value());
    CHECK(parsed->host == "::1");
    CHECK(parsed->port == 7000);
    CHECK(parsed->display() == "redis://[::1]:7000");
    CHECK(parse_url("redis://[::1]").has_value());
}

TEST_CASE("a unix socket is named with no, two or three slashes") {
    for (const auto* const text : {"unix:/run/redis.sock", "unix:///run/redis.sock"}) {
        const auto parsed = parse_url(text);
        REQUIRE(parsed.has_value());
        CHECK(parsed->is_unix());
        CHECK(parsed->path == "/run/redis.sock");
        CHECK(parsed->display() == "unix:/run/redis.sock");
    }
    CHECK(parse_url("unix:/run/a%20b.sock")->path == "/run/a b.sock");
}

TEST_CASE("user and password are percent-decoded and never displayed") {
    const auto tcp = parse_url("redis://auth:p%40ss%2Fw%3Ard@redis:6380");
    REQUIRE(tcp.has_value());
    CHECK(tcp->user == "auth");
    CHECK(tcp->password == "p@ss/w:rd");
    CHECK(tcp->host == "redis");
    CHECK(tcp->display() == "redis://redis:6380");

    const auto unix_socket = parse_url("unix://notify:secret@/run/redis.sock");
    REQUIRE(unix_socket.has_value());
    CHECK(unix_socket->user == "notify");
    CHECK(unix_socket->password == "secret");
    CHECK(unix_socket->path == "/run/redis.sock");
    CHECK(unix_socket->display() == "unix:/run/redis.sock");

    const auto default_user = parse_url("redis://:secret@redis");
    REQUIRE(default_user.has_value());
    CHECK(default_user->user.empty());
    CHECK(default_user->password == "secret");
}

TEST_CASE("what is wrong with a Redis URL is named, without its password") {
    struct row {
        const char* text;
        const char* says;
    };
    for (const auto& [text, says] : {
             row{"", "no scheme"},
             row{"127.0.0.1", "no scheme"},
             row{"http://redis", "neither redis:// nor unix:"},
             row{"rediss://redis", "rediss:// is not available in this version"},
             row{"redis+sentinel://a,b/main", "redis+sentinel:// is not available in this version"},
             row{"redis+cluster://a", "redis+cluster:// is not available in this version"},
             row{"redis:redis", "//"},
             row{"redis://", "no host"},
             row{"redis://:6379", "no host"},
             row{"redis://a:0", "port"},
             row{"redis://a:65536", "port"},
             row{"redis://a:", "port"},
             row{"redis://a:12x", "port"},
             row{"redis://[::1", "]"},
             row{"redis://[::1]x", "]"},
             row{"redis://a/1", "database"},
             row{"redis://user@a", "no password"},
             row{"redis://user:@a", "password"},
             row{"redis://user:hunter2%4@a", "escape"},
             row{"redis://us%zz:hunter2@a", "escape"},
             row{"redis://user:hunter2%00@a", "escape"},
             row{"unix:redis.sock", "absolute path"},
             row{"unix:", "absolute path"},
             row{"unix:/a?db=1", "options"},
             row{"unix:/a%2", "escape"},
         }) {
        const auto parsed = parse_url(text);
        INFO(text);
        REQUIRE_FALSE(parsed.has_value());
        CHECK_THAT(parsed.error(), Catch::Contains(says));
        CHECK_THAT(parsed.error(), !Catch::Contains("hunter2"));
    }
}

TEST_CASE("a unix path longer than the system takes is refused") {
    CHECK(parse_url("unix:/" + std::string(106, 'a')).has_value());
    const auto parsed = parse_url("unix:/" + std::string(107, 'a'));
    REQUIRE_FALSE(parsed.has_value());
    CHECK_THAT(parsed.error(), Catch::Contains("107 bytes"));
}
