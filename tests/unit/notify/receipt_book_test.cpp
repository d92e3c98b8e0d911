// How what sockets have to tell gets into the receipts: in few writes, as of the newest word, and late rather than never.
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "common/core/limits.hpp"
#include "common/runtime/task_group.hpp"
#include "notify-service/src/receipts/receipt_book.hpp"

using namespace stagedoor;
using namespace stagedoor::notify;

namespace {

using kind = receipt_line::kind;

struct fake_store final : receipt_store {
    std::map<std::uint64_t, receipt> lines;
    std::vector<std::size_t> puts;
    bool away = false;
    std::function<void()> meanwhile;  // once, while a put is under way
    bool busy = false;
    int signs = 0;

    runtime::task<result<void>> put(std::span<const receipt_word> words) override {
        puts.push_back(words.size());
        const bool fails = away;
        if (!fails) {
            for (const auto& word : words) lines[word.socket] = word.what;
        }
        busy = true;
        co_await runtime::sleep_for(std::chrono::milliseconds{1});
        busy = false;
        if (const auto act = std::exchange(meanwhile, nullptr)) act();
        if (fails) co_return errc::redis_unavailable;
        co_return result<void>{};
    }
    void sign_of_life() override { ++signs; }
};

struct stage {
    boost::asio::io_context context{1};
    runtime::task_group tasks{context.get_executor()};
    obs::metrics registry;
    push_metrics counts{registry};
    fake_store kept;
    instant now = from_unix_ms(1'000);
    receipt_book book{context.get_executor(), kept, counts, [this] { return now; }};
    user_id user{make_uuid_v7()};

    stage() { tasks.spawn("receipts", book.run()); }
    ~stage() { finish(); }

    // Until everything is told, for ten intervals at most.
    bool tells() {
        const auto deadline = std::chrono::steady_clock::now() + 10 * limits::receipt_interval;
        do {
            context.restart();
            context.run_for(std::chrono::milliseconds{20});
        } while ((book.untold() > 0 || kept.busy) && std::chrono::steady_clock::now() < deadline);
        return book.untold() == 0;
    }
    void finish() {
        tasks.spawn("finish", book.finish(std::chrono::steady_clock::now() + std::chrono::seconds{1}));
        context.restart();
        context.run();
    }
};

}  // namespace

TEST_CASE("an open socket has a line before anything happens", "[receipts]") {
    stage s;
    receipt_line line{s.book, s.user, kind::acknowledges};
    line.begin(3);
    REQUIRE(s.tells());
    CHECK(s.kept.lines.at(1) == receipt{true, true, 3, 3, 3, s.now});
}

TEST_CASE("many events to many sockets are one write, and its words are the newest", "[receipts]") {
    stage s;
    std::deque<receipt_line> lines;
    for (int i = 0; i < 10; ++i) lines.emplace_back(s.book, s.user, kind::acknowledges).begin(0);
    for (int version = 1; version <= 100; ++version) {
        for (auto& line : lines) line.wrote(version);
    }
    lines.front().acknowledged(70);
    REQUIRE(s.tells());
    CHECK(s.kept.puts == std::vector<std::size_t>{10});
    CHECK(s.kept.lines.at(1) == receipt{true, true, 0, 100, 70, s.now});
    CHECK(s.kept.lines.at(10) == receipt{true, true, 0, 100, 0, s.now});
    CHECK(s.counts.receipts.value() == 10);
}

TEST_CASE("what says nothing new is not told", "[receipts]") {
    stage s;
    receipt_line line{s.book, s.user, kind::acknowledges};
    line.begin(0);
    line.wrote(2);
    line.acknowledged(2);
    REQUIRE(s.tells());
    line.wrote(2);
    line.wrote(1);
    line.acknowledged(1);
    line.begin(2);  // welcomed again, where it was
    CHECK(s.book.untold() == 0);
}

TEST_CASE("nothing is acknowledged that was not written", "[receipts]") {
    stage s;
    receipt_line line{s.book, s.user, kind::acknowledges};
    line.acknowledged(5);
    line.begin(0);
    line.wrote(2);
    line.acknowledged(5);
    REQUIRE(s.tells());
    CHECK(s.kept.lines.at(1).acknowledged == 2);
}

TEST_CASE("a socket that is gone has a last word, once", "[receipts]") {
    stage s;
    {
        receipt_line line{s.book, s.user, kind::listens};
        line.begin(0);
        line.wrote(1);
        line.close();
        line.close();
    }
    REQUIRE(s.tells());
    CHECK(s.kept.lines.at(1) == receipt{false, false, 0, 1, 0, s.now});
    CHECK(s.counts.receipts.value() == 1);
}

TEST_CASE("a position that jumps begins another run: what lies between was not written", "[receipts]") {
    stage s;
    receipt_line line{s.book, s.user, kind::acknowledges};
    line.begin(0);
    line.wrote(2);
    line.begin(9);
    line.wrote(10);
    REQUIRE(s.tells());
    CHECK(s.kept.lines.at(1) == receipt{false, true, 0, 2, 0, s.now});
    CHECK(s.kept.lines.at(2) == receipt{true, true, 9, 10, 9, s.now});
}

TEST_CASE("while Redis is away nothing grows, and afterwards nothing is missing", "[receipts]") {
    stage s;
    s.kept.away = true;
    receipt_line stays{s.book, s.user, kind::acknowledges};
    stays.begin(0);
    {
        receipt_line leaves{s.book, s.user, kind::acknowledges};
        leaves.begin(0);
        for (int version = 1; version <= 1'000; ++version) {
            stays.wrote(version);
            leaves.wrote(version);
        }
    }
    CHECK_FALSE(s.tells());
    CHECK(s.book.untold() == 2);
    s.kept.away = false;
    REQUIRE(s.tells());
    CHECK(s.kept.lines.at(1) == receipt{true, true, 0, 1'000, 0, s.now});
    CHECK(s.kept.lines.at(2) == receipt{false, true, 0, 1'000, 0, s.now});
    CHECK(s.counts.receipts_dropped.value() == 0);
}

TEST_CASE("what changes, or ends, while it is being told is told again", "[receipts]") {
    stage s;
    s.kept.away = GENERATE(false, true);
    receipt_line changes{s.book, s.user, kind::acknowledges};
    auto ends = std::make_unique<receipt_line>(s.book, s.user, kind::acknowledges);
    changes.begin(0);
    ends->begin(0);
    s.kept.meanwhile = [&] {
        changes.wrote(1);
        ends.reset();
        s.kept.away = false;
    };
    REQUIRE(s.tells());
    REQUIRE(s.tells());
    CHECK(s.kept.lines.at(1).written == 1);
    CHECK_FALSE(s.kept.lines.at(2).open);
}

TEST_CASE("a Redis that has lost its data is told of every open socket again", "[receipts]") {
    stage s;
    receipt_line line{s.book, s.user, kind::acknowledges};
    line.begin(4);
    line.wrote(5);
    REQUIRE(s.tells());
    s.kept.lines.clear();
    s.book.tell_again();
    REQUIRE(s.tells());
    CHECK(s.kept.lines.at(1) == receipt{true, true, 4, 5, 4, s.now});
}

TEST_CASE("a write is bounded, and so is what waits of closed sockets", "[receipts]") {
    stage s;
    s.kept.away = true;
    const auto many = limits::receipt_backlog + 1;
    for (std::size_t i = 0; i < many; ++i) receipt_line{s.book, s.user, kind::acknowledges}.begin(0);
    CHECK(s.book.untold() == limits::receipt_backlog);
    CHECK(s.counts.receipts_dropped.value() == 1);
    s.kept.away = false;
    REQUIRE(s.tells());
    CHECK(s.kept.lines.size() == limits::receipt_backlog);
    for (const auto size : s.kept.puts) CHECK(size <= limits::receipt_batch);
}

TEST_CASE("the last words are told before the book is closed", "[receipts]") {
    stage s;
    receipt_line line{s.book, s.user, kind::acknowledges};
    line.begin(0);
    line.close();
    s.finish();
    CHECK_FALSE(s.kept.lines.at(1).open);
    CHECK(s.kept.signs > 0);
}
