// The position of one socket in its user's history (N1, N2): pure, knows neither Redis nor socket.
//
//   state     waits for                                   leaves to
//   born      the channel's confirmation                  reading
//   reading   record, snapshot and stream, in one read    live; reading again (behind, or position lost)
//   live      letters                                     reading (a hole, a recheck)
//
// Each state goes back to born when the Redis link is lost. Letters that come while a read is under way are not held:
// they are in the stream already, so the feed remembers how far it has heard and reads once more if it is behind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace stagedoor::notify {

enum class feed_state : std::uint8_t { born, reading, live };

// A read of the stream, whose answer goes to feed::on_read with the same ticket.
struct stream_read {
    std::uint32_t ticket = 0;
    // Entries from this version on, it included, oldest first; nothing: the last entry alone.
    std::optional<std::int64_t> from;

    friend bool operator==(const stream_read&, const stream_read&) = default;
};

enum class letter_action : std::uint8_t {
    write,   // it is the next one: write it now
    ignore,  // written before, or the read under way will bring it
    read,    // a hole: start feed::pending()
};

// What to do with the entries of a read, in this order.
struct replay {
    struct greeting {
        bool resumed = false;
        std::int64_t at = 0;  // the version of its cursor

        friend bool operator==(const greeting&, const greeting&) = default;
    };
    std::optional<greeting> welcome;  // write a `welcome`
    std::size_t first = 0;            // then the entries [first, last)
    std::size_t last = 0;
    bool read_again = false;  // then start feed::pending(); if not, the feed is live

    friend bool operator==(const replay&, const replay&) = default;
};

class feed {
public:
    // `after`: the version that the client's cursor names; nothing without a cursor, or with another user's (N3).
    explicit feed(std::optional<std::int64_t> after = std::nullopt) noexcept : sent_{after.value_or(unknown)} {}

    feed_state state() const noexcept { return state_; }

    // The version written last, or where the client began. 0 before that is known.
    std::int64_t sent() const noexcept { return sent_ == unknown ? 0 : sent_; }

    // Since the last birth.
    bool is_welcomed() const noexcept { return greeted_; }

    // The read under way. Meaningful in state reading.
    stream_read pending() const noexcept;

    // The subscription is confirmed, so that every letter from now on reaches this feed: start pending().
    // Without effect unless born.
    void on_confirmed() noexcept;

    letter_action on_letter(std::int64_t version) noexcept;

    // Reads for the sake of the session, not of the stream (N6). True: start pending(). False: a read comes anyway.
    bool recheck() noexcept;

    // The answer to a read: the versions of its entries, ascending; `full` when its limit may have cut it short.
    // Nothing when another read has taken its place: the answer has to be dropped.
    std::optional<replay> on_read(std::uint32_t ticket, std::span<const std::int64_t> versions, bool full) noexcept;

    // A letter that is to be read from the stream, with all else that a read brings, instead of written as it comes.
    letter_action on_notice(std::int64_t version) noexcept;

    // The history is another one, in which the position means nothing: start pending(), which asks for its end.
    void on_history_lost() noexcept { begin_read(true); }

    // Letters may have been missed: everything begins anew, but for the position.
    void on_link_lost() noexcept;

    friend bool operator==(const feed&, const feed&) = default;

private:
    static constexpr std::int64_t unknown = -1;

    void begin_read(bool at_head) noexcept;
    replay on_head(std::span<const std::int64_t> versions) noexcept;
    replay settle(replay plan, bool behind) noexcept;

    std::int64_t sent_;
    std::int64_t heard_ = 0;  // the highest letter since the read under way was begun
    std::uint32_t ticket_ = 0;
    feed_state state_ = feed_state::born;
    bool at_head_ = false;  // the read under way asks for the last entry
    bool greeted_ = false;  // since the last birth
};

}  // namespace stagedoor::notify
