#include "common/obs/line_writer.hpp"

#include <thread>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/unit/obs/pipe.hpp"

using namespace stagedoor;
using namespace std::chrono_literals;
using obs::line_writer;

namespace {

std::string notice(std::uint64_t count) { return "dropped " + std::to_string(count) + '\n'; }

// How many lines the notices in `text` say were dropped.
std::uint64_t announced(const std::string& text) {
    static const std::string word = "dropped ";
    std::uint64_t sum = 0;
    for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += word.size()) {
        sum += std::stoull(text.substr(at + word.size()));
    }
    return sum;
}

}  // namespace

TEST_CASE("lines come out whole and in order, also those that are left at the end") {
    tests::pipe pipe;
    std::string expected;
    {
        line_writer writer{pipe.writer(), notice};
        for (int i = 0; i < 1000; ++i) {
            auto line = "line " + std::to_string(i) + '\n';
            expected += line;
            writer.push(std::move(line));
        }
    }
    pipe.close_writer();
    CHECK(pipe.read_all() == expected);
}

TEST_CASE("lines of many threads do not mix") {
    tests::pipe pipe;
    {
        line_writer writer{pipe.writer(), notice};
        std::vector<std::thread> threads;
        for (char name = 'a'; name < 'e'; ++name) {
            threads.emplace_back([&writer, name] {
                for (int i = 0; i < 200; ++i) writer.push(std::string(20, name) + '\n');
            });
        }
        for (auto& thread : threads) thread.join();
    }
    pipe.close_writer();
    const auto all = pipe.read_all();
    CHECK(all.size() == 4 * 200 * 21);
    bool mixed = false;
    for (std::size_t at = 0; at < all.size(); at += 21) mixed |= all.substr(at, 21) != std::string(20, all[at]) + '\n';
    CHECK_FALSE(mixed);
}

TEST_CASE("a reader that has stopped holds up nobody; the oldest lines go, and a line says how many") {
    tests::pipe pipe;
    pipe.fill();
    line_writer writer{pipe.writer(), notice, 1000};
    const std::string line(99, 'x');
    for (int i = 0; i < 500; ++i) writer.push(line + '\n');
    writer.push("last\n");
    CHECK_FALSE(writer.flush(0ms));
    CHECK(writer.dropped() > 400);

    const auto all = pipe.read_until("last\n");
    CHECK(writer.flush(10s));
    CHECK(announced(all) == writer.dropped());
}

TEST_CASE("the end of the process waits for a stopped reader, but not for ever") {
    tests::pipe pipe;
    pipe.fill();
    const auto before = std::chrono::steady_clock::now();
    {
        line_writer writer{pipe.writer(), notice, 1000, 50ms};
        writer.push("never\n");
    }
    CHECK(std::chrono::steady_clock::now() - before < 10s);
    pipe.read_until("never\n");  // lets the writer's thread go before the pipe does
}

TEST_CASE("a broken descriptor loses lines and does no other harm") {
    line_writer writer{-1, notice};
    writer.push("lost\n");
    CHECK(writer.flush(10s));
}
