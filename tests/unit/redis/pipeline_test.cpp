#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "common/core/limits.hpp"
#include "common/redis/pipeline.hpp"

using namespace stagedoor;
using namespace stagedoor::redis;
using namespace std::chrono_literals;

namespace {

const pipeline::time_point start{};

// What became of requests, in the order in which they were told.
struct journal {
    std::vector<std::string> lines;

    reply_handler note(std::string name) {
        return [this, name = std::move(name)](result<value> reply) {
            const auto text = reply ? reply->to_text() : result<std::string_view>{reply.error()};
            const auto told = text ? std::string{*text} : std::string{problem_of(to_errc(text.error())).code};
            lines.push_back(name + ":" + told);
        };
    }
};

}  // namespace

TEST_CASE("requests are gathered in one output and answered in order") {
    pipeline line;
    journal told;
    line.push(start, told.note("a"), "GET", "x");
    line.push(start, told.note("b"), command{"GET", "y"});
    CHECK(line.output().unsent() == "*2\r\n$3\r\nGET\r\n$1\r\nx\r\n*2\r\n$3\r\nGET\r\n$1\r\ny\r\n");
    CHECK(line.pending() == 2);

    REQUIRE(line.feed("$1\r\n1\r\n$1\r\n2\r\n"));
    CHECK(told.lines == std::vector<std::string>{"a:1", "b:2"});
    CHECK(line.pending() == 0);
}

TEST_CASE("replies reach their requests wherever the input is cut") {
    const std::string bytes = "+one\r\n$3\r\ntwo\r\n-ERR three\r\n+four\r\n";
    for (std::size_t first = 0; first <= bytes.size(); ++first) {
        for (std::size_t second = first; second <= bytes.size(); ++second) {
            pipeline line;
            journal told;
            for (const auto* const name : {"a", "b", "c", "d"}) line.push(start, told.note(name), "PING");
            const std::string_view input{bytes};
            REQUIRE(line.feed(input.substr(0, first)));
            REQUIRE(line.feed(input.substr(first, second - first)));
            REQUIRE(line.feed(input.substr(second)));
            REQUIRE(told.lines == std::vector<std::string>{"a:one", "b:two", "c:redis_protocol", "d:four"});
        }
    }
}

TEST_CASE("wherever the connection ends, every request is told exactly once and in order") {
    const std::string bytes = "+one\r\n$3\r\ntwo\r\n+three\r\n";
    for (std::size_t end = 0; end <= bytes.size(); ++end) {
        pipeline line;
        journal told;
        for (const auto* const name : {"a", "b", "c"}) line.push(start, told.note(name), "PING");
        REQUIRE(line.feed(bytes.substr(0, end)));
        const auto answered = told.lines.size();
        line.fail_all(errc::redis_unavailable);
        REQUIRE(told.lines.size() == 3);
        for (std::size_t i = answered; i < 3; ++i) REQUIRE(told.lines[i].ends_with(":redis_unavailable"));

        // The next connection knows nothing of the half-read reply of the former one.
        line.push(start, told.note("d"), "PING");
        REQUIRE(line.feed("+again\r\n"));
        REQUIRE(told.lines.back() == "d:again");
    }
}

TEST_CASE("a handler may ask again while replies are being read") {
    pipeline line;
    std::vector<std::string> asked;
    line.push(
        start,
        [&](result<value>) {
            line.push(
                start, [&](result<value> r) { asked.push_back(*r->if_text()); }, "GET", "y");
        },
        "GET", "x");
    REQUIRE(line.feed("+1\r\n"));
    CHECK(line.pending() == 1);
    REQUIRE(line.feed("+2\r\n"));
    CHECK(asked == std::vector<std::string>{"2"});
}

TEST_CASE("whichever handler ends the connection, what follows is ignored and nobody is told twice") {
    const std::string bytes = "+1\r\n+2\r\n+3\r\n+4\r\n";
    for (std::size_t ending = 0; ending < 4; ++ending) {
        pipeline line;
        journal told;
        for (std::size_t i = 0; i < 4; ++i) {
            auto note = told.note(std::to_string(i));
            auto act = [&line, ending, i, note = std::move(note)](result<value> reply) mutable {
                note(std::move(reply));
                if (i == ending) line.fail_all(errc::redis_unavailable);
            };
            line.push(start, std::move(act), "PING");
        }
        REQUIRE(line.feed(bytes));
        REQUIRE(told.lines.size() == 4);
        for (std::size_t i = 0; i < 4; ++i) {
            const auto expected = i <= ending ? std::to_string(i + 1) : std::string{"redis_unavailable"};
            REQUIRE(told.lines[i] == std::to_string(i) + ":" + expected);
        }
        REQUIRE(line.pending() == 0);
        REQUIRE(line.output().empty());
    }
}

TEST_CASE("a handler that asks again while all are being failed belongs to the next connection") {
    pipeline line;
    journal told;
    line.push(
        start, [&](result<value>) { line.push(start, told.note("next"), "PING"); }, "PING");
    line.push(start, told.note("second"), "PING");
    line.fail_all(errc::redis_unavailable);
    CHECK(told.lines == std::vector<std::string>{"second:redis_unavailable"});
    CHECK(line.pending() == 1);
    CHECK(line.output().unsent() == "*1\r\n$4\r\nPING\r\n");
}

TEST_CASE("a reply that nobody waits for is a protocol error") {
    pipeline line;
    journal told;
    line.push(start, told.note("a"), "PING");
    const auto fed = line.feed("+1\r\n+2\r\n");
    REQUIRE_FALSE(fed);
    CHECK(fed.error() == errc::redis_protocol);
    CHECK(told.lines == std::vector<std::string>{"a:1"});
}

TEST_CASE("a shard that waits for too many replies is overloaded until some have come") {
    pipeline line;
    for (std::size_t i = 0; i < limits::redis_pending_requests; ++i) {
        REQUIRE(line.admits());
        line.push(
            start, [](result<value>) {}, "PING");
        line.output().consume(line.output().size());
    }
    CHECK(line.admits().error() == errc::overloaded);
    REQUIRE(line.feed("+1\r\n"));
    CHECK(line.admits());
}

TEST_CASE("a shard whose output does not drain is overloaded until it does") {
    pipeline line;
    const std::string large(limits::redis_pending_bytes / 4, 'x');
    for (int i = 0; i < 4; ++i)
        line.push(
            start, [](result<value>) {}, "ECHO", large);
    CHECK(line.admits().error() == errc::overloaded);
    line.output().consume(large.size() + 100);
    CHECK(line.admits());
}

TEST_CASE("the request that has waited longest is the oldest unanswered one") {
    pipeline line;
    CHECK_FALSE(line.oldest());
    line.push(
        start + 1ms, [](result<value>) {}, "PING");
    line.push(
        start + 2ms, [](result<value>) {}, "PING");
    CHECK(line.oldest() == start + 1ms);
    REQUIRE(line.feed("+1\r\n"));
    CHECK(line.oldest() == start + 2ms);
    REQUIRE(line.feed("+1\r\n"));
    CHECK_FALSE(line.oldest());
}

TEST_CASE("output is sent in any pieces without losing or repeating a byte") {
    output_buffer out;
    std::string sent;
    std::string appended;
    for (int round = 0; round < 2'000; ++round) {
        const std::string more(static_cast<std::size_t>(round % 1'500), static_cast<char>('a' + round % 26));
        out.tail().append(more);
        appended += more;
        const auto piece = out.unsent().substr(0, static_cast<std::size_t>(round % 700));
        sent += piece;
        out.consume(piece.size());
    }
    sent += out.unsent();
    CHECK(sent == appended);
}

TEST_CASE("who does not wait any longer is told so once, and the reply that comes after all is nobody's") {
    pipeline line;
    journal told;
    line.push_by(start + 20ms, start, told.note("b"), command{"GET", "b"});
    line.push(start, told.note("a"), "GET", "a");
    line.push_by(start + 10ms, start, told.note("c"), command{"GET", "c"});
    CHECK(line.next_expiry() == start + 10ms);
    line.expire(start + 9ms);
    CHECK(told.lines.empty());
    line.expire(start + 10ms);
    CHECK(told.lines == std::vector<std::string>{"c:redis_unavailable"});
    CHECK(line.next_expiry() == start + 20ms);
    CHECK(line.pending() == 3);

    REQUIRE(line.feed("+1\r\n+2\r\n+3\r\n"));
    CHECK(told.lines == std::vector<std::string>{"c:redis_unavailable", "b:1", "a:2"});
    line.expire(start + 1h);
    CHECK(line.next_expiry() == no_deadline);
    CHECK(told.lines.size() == 3);
}

TEST_CASE("the end of a connection is told to those who still wait") {
    pipeline line;
    journal told;
    line.push_by(start + 10ms, start, told.note("a"), command{"PING"});
    line.push_by(start + 20ms, start, told.note("b"), command{"PING"});
    line.expire(start + 10ms);
    line.fail_all(errc::redis_unavailable);
    CHECK(told.lines == std::vector<std::string>{"a:redis_unavailable", "b:redis_unavailable"});
    CHECK(line.next_expiry() == no_deadline);
}
