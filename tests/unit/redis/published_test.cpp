// What is taken where it lies has to be what reply_reader would have made of it, and nothing else.
#include "common/redis/published.hpp"

#include "common/redis/resp.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::redis;

namespace {

std::string bulk(std::string_view text) {
    return "$" + std::to_string(text.size()) + "\r\n" + std::string{text} + "\r\n";
}

std::string message(std::string_view channel, std::string_view payload) {
    return "*3\r\n" + bulk("message") + bulk(channel) + bulk(payload);
}

}  // namespace

TEST_CASE("a published message is taken where it lies, and what follows it stays") {
    for (const std::string& payload : {std::string{}, std::string{"x"}, std::string{"with\r\nlines\r\n"},
                                       std::string(70'000, 'y'), std::string{"\0\xff", 2}}) {
        const auto text = message("stagedoor:{a}:events", payload) + "*3\r\n";
        std::string_view bytes{text};
        const auto taken = take_published(bytes);
        REQUIRE(taken);
        CHECK(taken->channel == "stagedoor:{a}:events");
        CHECK(taken->payload == payload);
        CHECK(taken->channel.data() > text.data());
        CHECK(bytes == "*3\r\n");
    }
}

TEST_CASE("less than all of a message is left alone, wherever it is cut") {
    const auto text = message("channel", "payload");
    for (std::size_t size = 0; size < text.size(); ++size) {
        auto bytes = std::string_view{text}.substr(0, size);
        CHECK_FALSE(take_published(bytes));
        CHECK(bytes.size() == size);
    }
}

TEST_CASE("what is no published message is left to the reader of replies") {
    for (const std::string& text :
         {"*3\r\n" + bulk("subscribe") + bulk("channel") + ":1\r\n", "*2\r\n" + bulk("pong") + bulk("7"),
          std::string{"+OK\r\n"}, std::string{"-ERR no\r\n"}, "*3\r\n" + bulk("message") + bulk("channel") + ":1\r\n",
          std::string{"*3\r\n$7\r\nmessage\r\n$-1\r\n$1\r\nx\r\n"},
          std::string{"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nx\r\n\r\n"},
          std::string{"*3\r\n$7\r\nmessage\r\n$99999999999999999999\r\nx\r\n$1\r\nx\r\n"},
          std::string{"*3\r\n$7\r\nmessage\r\n$\r\n"}, std::string{"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$01\r\nx\r\n"},
          "*4\r\n" + bulk("pmessage") + bulk("*") + bulk("channel") + bulk("payload")}) {
        INFO(text);
        std::string_view bytes{text};
        CHECK_FALSE(take_published(bytes));
        CHECK(bytes == text);
    }
}

TEST_CASE("the reader of replies says when it has nothing half read") {
    reply_reader reader;
    const auto text = message("channel", "payload");
    CHECK(reader.idle());
    for (std::size_t cut = 1; cut < text.size(); ++cut) {
        value reply;
        reader.feed(std::string_view{text}.substr(0, cut));
        CHECK_FALSE(reader.next(reply).value());
        CHECK_FALSE(reader.idle());
        reader.feed(std::string_view{text}.substr(cut));
        CHECK(reader.next(reply).value());
        CHECK(reader.idle());
    }
}
