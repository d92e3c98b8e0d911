// Events as admins' consoles get them (R3): letters of a stream of their own, and positions in it.
//
// A life of that stream has a name, its incarnation, and its letters are numbered 1…n: `a <incarnation> <n> <frame>`, in
// the stream (field `e` of entry `<n>-0`) and on the channel alike. `frame` is the event as the user's own sockets get it.
// A console follows its own user and the admins' stream on one socket: so its cursor names a place in both,
//     <cursor of the user>.<incarnation>-<n>
// and whatever frame it has seen last, that frame's cursor is where it goes on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/core/clock.hpp"
#include "common/core/errc.hpp"
#include "common/core/uuid.hpp"

namespace stagedoor {

// A letter taken apart. Views into the text.
struct admin_letter {
    std::string_view incarnation;
    std::int64_t number = 0;
    std::string_view frame;
};
// errc::redis_protocol when `text` is no letter of the admins' stream.
result<admin_letter> parse_admin_letter(std::string_view text);

// Behind the letter of that number.
struct admin_place {
    std::string incarnation;  // never empty
    std::int64_t number = 0;

    friend bool operator==(const admin_place&, const admin_place&) = default;
};

// The cursor of a console. `in_feed`: nothing when that is not known.
std::string make_console_cursor(const user_id& user, std::int64_t version, const std::optional<admin_place>& in_feed);
// The place in the admins' stream that `cursor` names; nothing when it names none. The other half is for parse_cursor.
std::optional<admin_place> parse_admin_place(std::string_view cursor);

// Calls of the admin API were refused, and the audit log has them now: no change of a user, so no event of theirs.
struct denials_told {
    std::string id;  // of the event
    std::int64_t calls = 0;
    instant at;  // of the newest
};
// The event as consoles get it. It is about nobody, and has no version: its place in the stream is all the order there is.
std::string to_frame(const denials_told& news);

// Of a frame that to_frame has made: whom it is about; nothing for any other text.
std::optional<user_id> subject_of(std::string_view frame) noexcept;
// The same frame with another cursor.
std::string with_cursor(std::string_view frame, std::string_view cursor);

}  // namespace stagedoor
