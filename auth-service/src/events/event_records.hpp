// The port to what the database knows of events: who made them, and what the relay has written down.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/core/errc.hpp"
#include "common/core/event.hpp"
#include "common/core/limits.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::events {

// Which event: a user's change is named by the version that it made.
struct event_ref {
    user_id user;
    std::int64_t version = 0;

    // `<user id>.<version>`, as in the CloudEvents `id`; nothing for any other text.
    static std::optional<event_ref> parse(std::string_view id) noexcept;

    friend bool operator==(const event_ref&, const event_ref&) = default;
};

struct event_record {
    user_event event;
    std::string actor;   // a user's id, `sql`, or what a part of the system calls itself
    std::string origin;  // `api`, `sql` …

    // Its row in the outbox; nothing: purged, which happens to published rows alone (R4).
    struct outbox_state {
        std::optional<instant> published_at;  // marked some time after it was relayed (R4)
        std::optional<std::string> parked;    // why (R5)
    };
    std::optional<outbox_state> outbox;
};

// A row that Redis does not take, or that nobody can read (R5).
struct parked_row {
    std::int64_t id = 0;     // of the outbox
    user_id user;
    std::optional<std::int64_t> version;  // of the event; nothing: it tells of the end of a session
    std::optional<std::string> session;
    std::string actor;
    instant at;
    std::string reason;
    std::int64_t attempts = 0;
};

struct parked_page {
    std::vector<parked_row> items;  // oldest first
    bool more = false;
};

// All calls: errc::database_unavailable, errc::database_busy, errc::overloaded.
class event_records {
public:
    virtual ~event_records() = default;

    // errc::not_found: the user has made no such change.
    virtual runtime::task<result<event_record>> find(event_ref which) = 0;

    // Rows behind `after`, an id of the outbox.
    virtual runtime::task<result<parked_page>> parked(std::int64_t after, std::size_t most) = 0;
};

}  // namespace stagedoor::events
