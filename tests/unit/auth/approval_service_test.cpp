// A decision about many, on a model of the store: its batches, until when they are begun, and what is said of the rest.
// Nothing of what the model does is an event, so the relay has nothing to carry.
#include "auth-service/src/approval/approval_service.hpp"

#include "tests/support/catch.hpp"

#include "tests/support/run_task.hpp"
#include "tests/unit/auth/feed_models.hpp"

using namespace stagedoor;
using namespace stagedoor::approval;
using namespace std::chrono_literals;
using stagedoor::tests::run_task;
using time_point = std::chrono::steady_clock::time_point;

namespace {

struct model_store final : approval_store {
    std::vector<batch_request> batches;

    runtime::task<result<transition_outcome>> apply(transition_request, user::actor) override {
        co_return errc::internal_error;
    }
    runtime::task<result<std::vector<result<transition_outcome>>>> apply_batch(batch_request request,
                                                                               user::actor) override {
        std::vector<result<transition_outcome>> outcomes(request.users.size(), transition_outcome{});
        batches.push_back(std::move(request));
        co_return outcomes;
    }
    runtime::task<result<user_page>> list(list_query) override { co_return errc::internal_error; }
    runtime::task<result<std::optional<listed_user>>> find(user_ref) override { co_return errc::internal_error; }
};

runtime::task<result<bulk_decided>> decide_on(runtime::executor shard, approval_store& store, bulk_request request,
                                              time_point begin_until) {
    tests::feed::model_outbox rows;
    tests::feed::model_redis letters;
    relay idle{shard, rows, letters, letters};
    runtime::task_group tasks{shard};
    std::atomic<std::size_t> calls{0};
    approval_service service{store, idle, tasks, calls};
    user::actor somebody{"somebody"};
    auto decided = co_await service.decide_all(std::move(request), std::move(somebody), begin_until);
    co_await tasks.join(std::chrono::steady_clock::now() + 30s);
    co_return decided;
}

bulk_decided decide(model_store& store, const bulk_request& request, time_point begin_until) {
    return *run_task([&](runtime::executor shard) { return decide_on(shard, store, request, begin_until); });
}

bulk_request about(std::size_t count) {
    bulk_request request;
    request.what = find_transition("approve");
    for (std::size_t i = 0; i < count; ++i) {
        request.users.emplace_back(make_uuid_v7());
        request.expected_versions.push_back(static_cast<std::int64_t>(i));
    }
    return request;
}

}  // namespace

TEST_CASE("a decision about many goes by batches, and each version goes with its user", "[approval_service]") {
    model_store store;
    const auto request = about(2 * limits::bulk_batch + 1);
    const auto decided = decide(store, request, time_point::max());
    CHECK(decided.outcomes.size() == request.users.size());
    REQUIRE(store.batches.size() == 3);
    bulk_request together;
    for (const auto& batch : store.batches) {
        together.users.insert(together.users.end(), batch.users.begin(), batch.users.end());
        together.expected_versions.insert(together.expected_versions.end(), batch.expected_versions.begin(),
                                          batch.expected_versions.end());
    }
    CHECK(together.users == request.users);
    CHECK(together.expected_versions == request.expected_versions);
}

TEST_CASE("after its time a call begins no batch but the first, and the rest is to be asked for again", "[approval_service]") {
    model_store store;
    const auto decided = decide(store, about(3 * limits::bulk_batch), time_point::min());
    CHECK(store.batches.size() == 1);
    REQUIRE(decided.outcomes.size() == 3 * limits::bulk_batch);
    for (std::size_t i = 0; i < decided.outcomes.size(); ++i) {
        const bool begun = i < limits::bulk_batch;
        CHECK(decided.outcomes[i].has_value() == begun);
        if (!begun) CHECK(decided.outcomes[i].error() == errc::overloaded);
    }
}
