// The purger against a model of its port.
#include "auth-service/src/upkeep/purger.hpp"

#include <algorithm>
#include <utility>

#include "common/runtime/task_group.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"

using namespace stagedoor;
using namespace stagedoor::upkeep;
using namespace std::chrono_literals;
using stagedoor::tests::run_task;

namespace {

constexpr std::size_t step_size = 10;

struct model_purge_store final : purge_store {
    std::size_t outbox_rows = 35, sessions = 12;  // that may go
    std::int64_t walked = 0;
    bool others_turn = false, own_turn = false;
    int turns = 0;
    int failing_steps = 0;
    std::chrono::milliseconds kept{};

    bool begin_turn() override {
        if (others_turn) return false;
        CHECK_FALSE(std::exchange(own_turn, true));
        ++turns;
        return true;
    }
    void end_turn() noexcept override { own_turn = false; }
    runtime::task<result<purge_step>> purge_outbox(std::int64_t after, std::chrono::milliseconds keep) override {
        CHECK(own_turn);
        CHECK(after == walked);
        kept = keep;
        if (failing_steps > 0 && failing_steps-- > 0) {
            walked = 0;
            co_return errc::database_busy;
        }
        const auto gone = std::min(outbox_rows, step_size);
        outbox_rows -= gone;
        const bool end = outbox_rows == 0;
        walked = end ? 0 : after + 100;
        co_return purge_step{gone, walked, end};
    }
    runtime::task<result<purge_step>> purge_ledger(std::chrono::milliseconds) override {
        CHECK(own_turn);
        const auto gone = std::min(sessions, step_size);
        sessions -= gone;
        co_return purge_step{gone, 0, sessions == 0};
    }
    runtime::task<result<std::optional<instant>>> oldest_outbox_row() override {
        co_return std::optional{from_unix_ms(77)};
    }
};

struct counted {
    std::uint64_t rows = 0, sessions = 0;
};

// A purger that runs until a pass has come to its end.
runtime::task<counted> one_pass(runtime::executor shard, model_purge_store& store) {
    purger under_test{shard, store, 7h, {1ms, 2ms, 1ms}};
    runtime::task_group group{shard};
    group.spawn("purger", under_test.run());
    const auto& counts = under_test.counts();
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (counts.oldest_row_ms != 77 && std::chrono::steady_clock::now() < deadline) co_await runtime::sleep_for(1ms);
    CHECK(counts.oldest_row_ms == 77);
    under_test.stop();
    co_await group.join(deadline);
    co_return counted{counts.outbox_rows, counts.sessions};
}

counted run(model_purge_store& store) {
    return run_task([&](runtime::executor ex) { return one_pass(ex, store); });
}

}  // namespace

TEST_CASE("a pass goes through outbox and ledger to their ends, in one turn") {
    model_purge_store store;
    const auto [rows, sessions] = run(store);
    CHECK(rows == 35);
    CHECK(sessions == 12);
    CHECK(store.kept == 7h);
    CHECK(store.outbox_rows == 0);
    CHECK_FALSE(store.own_turn);
}

TEST_CASE("whoever has no turn purges nothing, and still knows how old the outbox is") {
    model_purge_store store;
    store.others_turn = true;
    const auto [rows, sessions] = run(store);
    CHECK(rows + sessions == 0);
    CHECK(store.turns == 0);
}

TEST_CASE("a pass that fails gives its turn back, and the next one begins anew") {
    model_purge_store store;
    store.failing_steps = 2;
    const auto [rows, sessions] = run(store);
    CHECK(rows == 35);
    CHECK(sessions == 12);
    CHECK(store.turns >= 3);
    CHECK_FALSE(store.own_turn);
}
