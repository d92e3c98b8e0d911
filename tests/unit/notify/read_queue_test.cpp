// Reads for open sockets: how many at once, and what a Redis that is away means for them.
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "common/obs/metrics.hpp"
#include "common/runtime/event.hpp"
#include "notify-service/src/hub/read_queue.hpp"

using namespace stagedoor;
using namespace stagedoor::notify;
using namespace std::chrono_literals;

namespace {

struct fake_history final : history {
    int away_for = 0;  // so many reads fail
    errc failure = errc::redis_unavailable;
    std::size_t under_way = 0;
    std::size_t most_under_way = 0;
    std::vector<std::optional<std::int64_t>> asked;

    runtime::task<result<readout>> read(session::session_ref, read_request what) override {
        asked.push_back(what.own.from);
        most_under_way = std::max(most_under_way, ++under_way);
        co_await runtime::sleep_for(1ms);
        --under_way;
        if (away_for > 0) {
            --away_for;
            co_return failure;
        }
        co_return readout{};
    }
    runtime::task<result<std::vector<std::optional<std::int64_t>>>> next_after(std::vector<head_question>) override {
        co_return errc::redis_unavailable;
    }
    runtime::task<result<std::vector<readout>>> read_sessions(std::vector<session::session_ref> who) override {
        co_return std::vector<readout>(who.size());
    }
};

struct fake_reader final : reader {
    std::optional<stream_read> read = stream_read{1, 5};
    int readouts = 0;
    int unreadable = 0;

    session::session_ref whose() const override { return {}; }
    std::optional<read_request> wanted() const override {
        if (!read) return std::nullopt;
        return read_request{*read, std::nullopt};
    }
    void on_readout(const read_request& asked, readout) override {
        if (read && asked.own == *read) ++readouts;
    }
    void on_unreadable() override { ++unreadable; }
};

struct shard {
    boost::asio::io_context context;
    runtime::task_group tasks{context.get_executor()};
    obs::metrics registry;
    push_metrics counts{registry};
    fake_history source;
    read_queue queue{source, tasks, counts};
};

}  // namespace

TEST_CASE("a read is carried out once, from where the feed stands", "[read_queue]") {
    shard s;
    const auto who = std::make_shared<fake_reader>();
    s.queue.add(who);
    s.context.run();
    CHECK(who->readouts == 1);
    CHECK(s.source.asked == std::vector<std::optional<std::int64_t>>{5});
    CHECK(s.tasks.size() == 0);
}

TEST_CASE("a read that nobody wants any more is not asked for", "[read_queue]") {
    shard s;
    const auto who = std::make_shared<fake_reader>();
    who->read.reset();
    s.queue.add(who);
    s.context.run();
    CHECK(s.source.asked.empty());
}

TEST_CASE("when all read at once, only so many reads are under way, and all are carried out", "[read_queue]") {
    shard s;
    std::vector<std::shared_ptr<fake_reader>> all(3 * read_queue::at_once + 1);
    for (auto& who : all) {
        who = std::make_shared<fake_reader>();
        s.queue.add(who);
    }
    s.context.run();
    CHECK(s.source.most_under_way == read_queue::at_once);
    for (const auto& who : all) CHECK(who->readouts == 1);
}

TEST_CASE("while Redis is away a read is tried again", "[read_queue]") {
    shard s;
    s.source.away_for = 2;
    const auto who = std::make_shared<fake_reader>();
    s.queue.add(who);
    s.context.run();
    CHECK(who->readouts == 1);
    CHECK(s.counts.failed_reads.value() == 2);
}

TEST_CASE("a stopped queue does not wait for Redis to come back", "[read_queue]") {
    shard s;
    s.source.away_for = 1'000'000;
    const auto who = std::make_shared<fake_reader>();
    s.queue.add(who);
    s.context.run_for(20ms);
    s.queue.stop();
    s.context.run_for(5s);
    CHECK(s.tasks.size() == 0);
}

TEST_CASE("what cannot be read is told and not tried again", "[read_queue]") {
    shard s;
    s.source.away_for = 1;
    s.source.failure = errc::redis_protocol;
    const auto who = std::make_shared<fake_reader>();
    s.queue.add(who);
    s.context.run();
    CHECK(who->unreadable == 1);
    CHECK(who->readouts == 0);
}

TEST_CASE("nobody waits twice, however often the link is lost while Redis is away", "[read_queue]") {
    shard s;
    s.source.away_for = 1;
    const auto who = std::make_shared<fake_reader>();
    for (int i = 0; i < 10; ++i) s.queue.add(who);
    CHECK(s.queue.waiting() == 1);
    s.context.run();
    CHECK(who->readouts == 1);
    CHECK(s.source.asked.size() == 2);
}
