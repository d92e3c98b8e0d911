// What this shard's sockets were given and what their clients have acknowledged (N9), on its way to Redis.
//
// Each socket has one line. To note something in it costs a few instructions: the line joins the list of those that
// have news. Every limits::receipt_interval what they say by then is put into Redis, in few writes, one at a time. So
// nothing grows while Redis is away, and nothing is lost: a line is as long as ever, only later. Belongs to its shard.
#pragma once

#include <boost/intrusive/list.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "common/core/clock.hpp"
#include "common/runtime/event.hpp"
#include "common/runtime/task.hpp"
#include "notify-service/src/metrics.hpp"
#include "notify-service/src/receipts/receipt_store.hpp"

namespace stagedoor::notify {

class receipt_book;

// One socket's line: a member of the socket, and shorter-lived than the book.
class receipt_line : public boost::intrusive::list_base_hook<> {
public:
    // Whether the client can acknowledge (a WebSocket), or only listen (SSE).
    enum class kind : bool { listens, acknowledges };

    // `user` outlives this.
    receipt_line(receipt_book& book, const user_id& user, kind what) noexcept
        : book_{book}, user_{user}, acknowledges_{what == kind::acknowledges} {}
    ~receipt_line() { close(); }
    receipt_line(const receipt_line&) = delete;
    receipt_line& operator=(const receipt_line&) = delete;

    // The socket's position is behind `version`. Again, at another position than the one it had come to: what lies
    // between was not written, so the run that was begun ends, and the socket counts as another one.
    void begin(std::int64_t version);
    // All up to `version` have been given to the socket. Without effect before begin().
    void wrote(std::int64_t version);
    // All up to `version`, which were written, have been taken in by its client.
    void acknowledged(std::int64_t version);
    // The change of this version, which was not written, has ended the session: the socket is closed for it.
    void ended(std::int64_t version);
    // The socket is gone. Idempotent.
    void close();

private:
    friend class receipt_book;

    receipt_book& book_;
    const user_id& user_;
    std::uint64_t number_ = 0;  // 0: not begun
    std::int64_t after_ = 0;
    std::int64_t written_ = 0;
    std::int64_t acknowledged_ = 0;
    std::int64_t ended_ = 0;
    std::uint32_t told_in_ = 0;  // which telling of the book knows all of this; 0: none
    const bool acknowledges_;
};

class receipt_book {
public:
    // All outlive this.
    receipt_book(runtime::executor shard, receipt_store& store, push_metrics& counts, std::function<instant()> now)
        : store_{store}, counts_{counts}, now_{std::move(now)}, bell_{shard}, stop_{shard}, end_{shard} {}
    receipt_book(const receipt_book&) = delete;
    receipt_book& operator=(const receipt_book&) = delete;

    // Puts what is new into Redis until finish(). Once.
    runtime::task<void> run();
    // Waits until run() has tried once more to put everything and has ended, at most until `deadline`.
    runtime::task<void> finish(std::chrono::steady_clock::time_point deadline);

    // Redis may have lost what it was told: every line is told again.
    void tell_again() noexcept;

    // Lines and closed sockets that Redis has not been told of.
    std::size_t untold() const noexcept { return news_.size() + closed_.size(); }

private:
    friend class receipt_line;
    using lines = boost::intrusive::list<receipt_line>;

    void begin(receipt_line& line, std::int64_t version);
    void note(receipt_line& line) noexcept;
    void close(receipt_line& line);
    void remember_closed(const receipt_word& word);
    receipt_word word_about(const receipt_line& line) const;

    // False: Redis did not take them, and they are new again.
    runtime::task<bool> put_news();
    void take_batch();

    receipt_store& store_;
    push_metrics& counts_;
    const std::function<instant()> now_;
    runtime::event bell_;  // there is something to tell
    runtime::event stop_;
    runtime::event end_;
    lines news_;     // have something to tell
    lines settled_;  // are told
    std::vector<receipt_word> closed_;
    std::vector<receipt_word> batch_;  // under way
    std::uint64_t next_number_ = 1;
    std::uint32_t telling_ = 1;
    bool stopping_ = false;
    bool ended_ = false;
};

}  // namespace stagedoor::notify
