#include "common/ws/outbox.hpp"

#include <array>
#include <random>

#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::ws;

namespace {

std::string gathered(const outbox& waiting, std::size_t views = 64) {
    std::vector<std::string_view> out(views);
    std::string all;
    const auto count = waiting.gather(out);
    for (std::size_t i = 0; i < count; ++i) all += out[i];
    return all;
}

shared_frame frame(std::string_view payload) { return make_text_frame(payload); }

}  // namespace

TEST_CASE("an outbox gives back what was put in, in order") {
    outbox waiting;
    CHECK(waiting.empty());
    CHECK(gathered(waiting).empty());
    waiting.push(frame("one"));
    waiting.push(frame("two"));
    CHECK(gathered(waiting) == "\x81\x03one\x81\x03two");
    CHECK(gathered(waiting, 1) == "\x81\x03one");
    CHECK(waiting.bytes() == 10);
    CHECK(waiting.frames() == 2);
}

TEST_CASE("an outbox goes on where a write has stopped") {
    outbox waiting;
    waiting.push(frame("one"));
    waiting.push(frame("two"));
    waiting.push(frame("three"));
    waiting.consume(7);
    CHECK(waiting.half_written());
    CHECK(gathered(waiting) == "two\x81\x05three");
    waiting.consume(3);
    CHECK_FALSE(waiting.half_written());
    CHECK(waiting.bytes() == 7);
    waiting.consume(7);
    CHECK(waiting.empty());
    CHECK(waiting.bytes() == 0);
}

TEST_CASE("a frame that was written in part before it was queued is continued") {
    outbox waiting;
    waiting.push(frame("one"), 4);
    CHECK(waiting.bytes() == 1);
    CHECK(gathered(waiting) == "e");
}

TEST_CASE("room is a matter of bytes and of frames") {
    const outbox::bounds bounds{.bytes = 20, .frames = 3};
    outbox waiting;
    CHECK(waiting.has_room(20, 3, bounds));
    CHECK_FALSE(waiting.has_room(21, 1, bounds));
    CHECK_FALSE(waiting.has_room(1, 4, bounds));
    waiting.push(frame("one"));
    CHECK(waiting.has_room(15, 2, bounds));
    CHECK_FALSE(waiting.has_room(16, 1, bounds));
    CHECK_FALSE(waiting.has_room(1, 3, bounds));
    waiting.consume(2);
    CHECK(waiting.has_room(17, 1, bounds));
}

TEST_CASE("dropping keeps only a frame that is half out") {
    outbox untouched;
    untouched.push(frame("one"));
    untouched.push(frame("two"));
    untouched.drop_unbegun();
    CHECK(untouched.empty());
    CHECK(untouched.bytes() == 0);
    untouched.drop_unbegun();

    outbox begun;
    begun.push(frame("one"));
    begun.push(frame("two"));
    begun.push(frame("three"));
    begun.consume(6);
    begun.drop_unbegun();
    CHECK(gathered(begun) == "\x03two");
    CHECK(begun.frames() == 1);
    CHECK(begun.bytes() == 4);
    begun.push(frame("last"));
    CHECK(gathered(begun) == "\x03two\x81\x04last");
}

TEST_CASE("whatever the order of pushes and writes, each byte goes out once") {
    std::mt19937 random{7};
    for (int round = 0; round < 200; ++round) {
        outbox waiting;
        std::string in, out;
        for (int step = 0; step < 300; ++step) {
            if (random() % 2 == 0) {
                const auto one = frame(std::string(random() % 200, static_cast<char>('a' + random() % 26)));
                in += one->view();
                waiting.push(one);
            } else if (!waiting.empty()) {
                std::array<std::string_view, 4> views;
                std::string some;
                const auto count = waiting.gather(views);
                for (std::size_t i = 0; i < count; ++i) some += views[i];
                some.resize(1 + random() % some.size());
                out += some;
                waiting.consume(some.size());
            }
            REQUIRE(waiting.bytes() == in.size() - out.size());
        }
        while (!waiting.empty()) {
            out += gathered(waiting, 1);
            waiting.consume(gathered(waiting, 1).size());
        }
        REQUIRE(in == out);
    }
}
