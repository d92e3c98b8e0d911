#include "auth-service/src/approval/fence_keeper.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "common/core/limits.hpp"
#include "common/core/secrets.hpp"
#include "common/runtime/failpoint.hpp"

namespace stagedoor::approval {
namespace {

using std::chrono::steady_clock;

// Enough that no two lives share a name.
constexpr std::size_t life_name_bytes = 9;

// A node that was pointed at another Redis by mistake takes the feed there. When it is gone, the feed is taken back.
constexpr auto patience_with_another_feed = std::chrono::seconds{5};

constexpr std::string_view went_back =
    "Redis knows changes that the database does not: this is not the database that this Redis belongs to (check "
    "--database-url and --redis-prefix), or the database was restored from a backup. If it was: stop every auth-service, "
    "run `auth-service after-restore`, and start again (operations.md, Backups and restores)";
constexpr std::string_view elsewhere = "another Redis than this one is being fed";

std::string_view what_is_wrong_with(const fence_sight& seen, const outbox_standing& db) {
    if (!seen.what) return "it was empty or wiped";
    return is_disowned(*seen.what, db) ? "the database was restored from a backup" : "its data is older";
}

}  // namespace

fence_keeper::fence_keeper(runtime::executor shard, fence_store& fences, outbox& rows, mailbox& letters, relay& feeds,
                           session::redis_trust& trust, report to)
    : fences_{fences},
      outbox_{rows},
      relay_{feeds},
      replay_{rows, letters, feeds.carries()},
      trust_{trust},
      report_{std::move(to)},
      bell_{shard} {}

void fence_keeper::on_up() {
    due_ = true;
    bell_.notify_all();
}

void fence_keeper::on_down() {
    trust_.withdraw();
    drained_ = false;
}

void fence_keeper::stop() {
    stopping_ = true;
    trust_.withdraw();
    bell_.notify_all();
}

runtime::task<void> fence_keeper::run() {
    while (!stopping_) {
        const auto began = steady_clock::now();
        due_ = false;
        co_await look(began);
        if (!due_ && !stopping_) co_await bell_.wait_until(began + limits::redis_trust_renewal);
    }
}

runtime::task<void> fence_keeper::look(time_point began) {
    auto seen = co_await fences_.read();
    if (!seen) co_return;  // the lease runs out
    auto state = co_await judged(*seen);
    if (!state) co_return;

    if (*state == data_state::fed_elsewhere) {
        if (!elsewhere_since_) elsewhere_since_ = began;
        if (began - *elsewhere_since_ >= patience_with_another_feed) state = data_state::broken;
    } else {
        elsewhere_since_.reset();
    }
    relay_.open(*state != data_state::database_went_back && *state != data_state::fed_elsewhere);
    if (*state != data_state::whole) know_nothing();
    switch (*state) {
        case data_state::whole:
            report_({});
            if (!known_ || !same_life(*known_, *seen->what)) know(*seen->what);
            co_await feed(std::move(*seen), began);
            break;
        case data_state::replaying:
            report_({});
            co_await go_on_with(std::move(*seen));
            break;
        case data_state::broken:
            report_({});
            co_await open_replay_of(std::move(*seen));
            break;
        case data_state::fed_elsewhere:
            report_(elsewhere);
            break;
        case data_state::database_went_back:
            report_(went_back);
            break;
    }
}

runtime::task<std::optional<data_state>> fence_keeper::judged(fence_sight seen) {
    const auto cursor = seen.what ? seen.what->cursor : 0;
    auto standing = co_await outbox_.standing(cursor);
    if (standing) {
        standing_ = std::move(*standing);
        co_return judge(seen, *standing_);
    }
    // Without the database nobody can switch to another Redis: a life that was whole still is.
    if (known_ && seen.good() && same_life(*known_, *seen.what)) co_return data_state::whole;
    know_nothing();
    co_return std::nullopt;
}

runtime::task<void> fence_keeper::open_replay_of(fence_sight seen) {
    const auto missing = co_await outbox_.rows_missing_after(seen.what ? seen.what->cursor : 0);
    if (!missing) co_return;
    auto first = open_replay(seen, *standing_, *missing, random_text(life_name_bytes), fences_.now());
    spdlog::warn("fence: Redis {} does not have everything ({}): replaying what was committed after row {}{}",
                 seen.run_id, what_is_wrong_with(seen, *standing_), first.cursor,
                 first.step == fence_step::forget ? ", without its session records" : "");
    const auto opened = co_await fences_.swap(std::move(seen.text), std::move(first));
    if (!opened) co_return;
    due_ = true;
    if (*opened) counts_.replays += 1;  // if not, another node was faster: go on with its replay
}

runtime::task<void> fence_keeper::go_on_with(fence_sight seen) {
    // Before anything is read for the replay: from here on nobody marks rows that another Redis has.
    feed_ref fed{seen.what->run_id, seen.what->feed};
    const auto switched = co_await outbox_.switch_feed(std::move(fed));
    if (!switched) co_return;
    due_ = true;
    if (!*switched) co_return;

    auto next = co_await replay_.advance(*seen.what);
    due_ = next.has_value();
    if (!next) co_return;
    runtime::failpoint("replayed");
    const auto said = co_await fences_.swap(std::move(seen.text), std::move(*next));
    runtime::failpoint("replay_recorded");
    due_ = said.has_value();
}

runtime::task<void> fence_keeper::feed(fence_sight seen, time_point began) {
    const auto drained = co_await relay_.drain(began + limits::redis_trust_renewal);
    if (!trust_.holds()) drained_ = false;
    if (drained.how == drained::outcome::all) drained_ = true;
    if (!drained_ || drained.how == drained::outcome::not_all) co_return;

    auto next = drained.newest ? moved_on(*seen.what, *drained.newest) : *seen.what;
    const auto since = next.since;
    // Without the database nobody can end a session: what Redis has stays true.
    const auto true_as_of = drained.newest ? began : steady_clock::now();
    runtime::failpoint("fed");
    const auto written = co_await fences_.swap(std::move(seen.text), std::move(next));
    runtime::failpoint("fence_moved");
    if (!written) co_return;
    due_ = !*written;  // another node has moved the cursor on, or the life has ended: look again
    if (!*written || !known_) co_return;
    counts_.written_at_ms = to_unix_ms(system_now());
    trust_.grant(true_as_of, since);
}

void fence_keeper::know(const fence& good) {
    spdlog::info("fence: Redis {} has everything, life {}, since {}", good.run_id, good.life,
                 format_rfc3339(good.since));
    known_ = good;
    counts_.whole = true;
    drained_ = false;
    trust_.withdraw();
    relay_.begin_life(good);
}

void fence_keeper::know_nothing() {
    trust_.withdraw();
    drained_ = false;
    counts_.whole = false;
    if (!std::exchange(known_, std::nullopt)) return;
    relay_.end_life();
}

}  // namespace stagedoor::approval
