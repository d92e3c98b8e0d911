// Approving people: one transition, committed, relayed, told. One instance per shard.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "auth-service/src/approval/approval_store.hpp"
#include "auth-service/src/approval/relay.hpp"
#include "common/runtime/task_group.hpp"

namespace stagedoor::approval {

// "relayed" or "pending".
constexpr std::string_view to_string(delivery how) noexcept { return how == delivery::relayed ? "relayed" : "pending"; }

struct decided {
    transition_outcome outcome;
    approval::delivery delivery = delivery::relayed;
};

// One transition of many people.
struct bulk_request {
    std::vector<user_id> users;  // at most limits::bulk_ids
    const transition* what = nullptr;
    std::string reason;
    std::vector<std::int64_t> expected_versions{};  // of each of `users` the one that the admin has seen; empty: any
};

// For how long one call begins batches: whoever waits for it hears what is done before gateways and Idempotency-Keys
// (limits::kept_answer_lease) give it up, and goes on with the rest. What is begun last takes a second or two: as long as
// the database may be waited for (limits::database_*), and Redis.
inline constexpr auto bulk_time = std::chrono::seconds{20};

struct bulk_decided {
    // One for each user, in order. An error that is none of approval_store::apply's: the batch it was in was not
    // committed, or not begun because another had failed.
    std::vector<result<transition_outcome>> outcomes;
    approval::delivery delivery = delivery::relayed;  // of all that was done
};

class approval_service {
public:
    // `tasks` are this shard's, `bulk_calls` counts those under way on all of them.
    approval_service(approval_store& store, relay& relay, runtime::task_group& tasks,
                     std::atomic<std::size_t>& bulk_calls)
        : store_{store}, relay_{relay}, tasks_{tasks}, bulk_calls_{bulk_calls} {}

    // Applies the transition and waits until it is relayed: after that every session's next check shows the new
    // status. When Redis is away it is committed all the same, `delivery::pending`. A transition that the status does
    // not allow, and a version that is not the expected one, are no errors here: `outcome.what` says so.
    // errc::not_found, errc::database_*, errc::overloaded.
    runtime::task<result<decided>> decide(transition_request request, user::actor by);

    // The same for many: in batches of limits::bulk_batch, each of them one transaction, so that others come between;
    // some are relayed while the next are committed. Waits until all are relayed. After `begin_until` no batch but the
    // first is begun: the rest is errc::overloaded. errc::overloaded: limits::bulk_calls are under way; and the error of a
    // batch, when nothing was done.
    runtime::task<result<bulk_decided>> decide_all(bulk_request request, user::actor by,
                                                   std::chrono::steady_clock::time_point begin_until);

    runtime::task<result<user_page>> list(list_query query);
    runtime::task<result<std::optional<listed_user>>> find(user_ref who);

private:
    struct bulk;
    runtime::task<result<std::vector<result<transition_outcome>>>> apply_patiently(
        batch_request batch, user::actor by, std::chrono::steady_clock::time_point again_until);
    // Takes one batch of the call after the other.
    runtime::task<void> work_through(std::shared_ptr<bulk> call);

    approval_store& store_;
    relay& relay_;
    runtime::task_group& tasks_;
    std::atomic<std::size_t>& bulk_calls_;
};

}  // namespace stagedoor::approval
