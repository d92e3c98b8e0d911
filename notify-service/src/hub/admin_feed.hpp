// The position of one console in the admins' stream (R3): pure. Within one life of the stream it is a feed like a user's
// own (feed.hpp), for letters are numbered 1…n there; a letter, or a read, of another life means that the position is
// lost: the console learns so from a welcome, and reloads.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/core/admin_event.hpp"
#include "notify-service/src/hub/feed.hpp"

namespace stagedoor::notify {

class admin_feed {
public:
    // `after`: where the client's cursor says it was; nothing without one.
    explicit admin_feed(const std::optional<admin_place>& after = std::nullopt);

    feed_state state() const noexcept { return within_.state(); }

    // What was written last, or where the client began. Nothing while that is not known, or before the stream's first life.
    std::optional<admin_place> place() const;

    // Whether the client has been told where it stands, since the last birth.
    bool is_welcomed() const noexcept { return within_.is_welcomed(); }

    // What it is made of, for whoever compares two.
    const feed& within() const noexcept { return within_; }
    const std::string& incarnation() const noexcept { return incarnation_; }
    const std::string& heard() const noexcept { return heard_; }

    // As feed's.
    stream_read pending() const noexcept { return within_.pending(); }
    void on_confirmed() noexcept { within_.on_confirmed(); }
    bool recheck() noexcept { return within_.recheck(); }
    void on_link_lost() noexcept { within_.on_link_lost(); }

    letter_action on_letter(std::string_view incarnation, std::int64_t number);

    // `incarnation`: of the entries, which are of one life; empty without any.
    std::optional<replay> on_read(std::uint32_t ticket, std::string_view incarnation,
                                  std::span<const std::int64_t> numbers, bool full);

private:
    bool is_before_any_life() const noexcept { return incarnation_.empty() && within_.sent() == 0; }

    feed within_;
    std::string incarnation_;  // empty: the stream has had no life yet, or none is known
    std::string heard_;        // of the newest letter that came while nothing could be written
};

}  // namespace stagedoor::notify
