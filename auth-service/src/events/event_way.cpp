#include "auth-service/src/events/event_way.hpp"

#include <algorithm>
#include <charconv>

namespace stagedoor::events {
namespace {

relay_state state_of(const event_record& record, const result<socket_receipts>& seen) noexcept {
    if (!record.outbox || record.outbox->published_at) return relay_state::relayed;
    // Rows are marked a little later than they are relayed: what is in the stream is relayed whatever the mark says.
    if (seen && seen->top >= record.event.facts.version) return relay_state::relayed;
    return record.outbox->parked ? relay_state::parked : relay_state::pending;
}

std::optional<hindrance> why_not_written(const event_record& record, relay_state state,
                                         const result<socket_receipts>& seen, const socket_tally& sockets) noexcept {
    if (sockets.written > 0) return std::nullopt;
    if (state == relay_state::parked) return hindrance::parked;
    if (state == relay_state::pending) return hindrance::not_relayed;
    if (!seen) return hindrance::receipts_unavailable;
    if (sockets.waiting > 0) return hindrance::not_written;
    if (sockets.ended > 0) return hindrance::session_ended;
    if (!record.outbox) return hindrance::outbox_purged;
    if (record.outbox->published_at.value_or(record.event.at) <= seen->horizon) return hindrance::receipts_aged_out;
    return hindrance::no_open_tab;
}

}  // namespace

std::optional<event_ref> event_ref::parse(std::string_view id) noexcept {
    const auto dot = id.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const auto user = user_id::parse(id.substr(0, dot));
    const auto digits = id.substr(dot + 1);
    std::int64_t version = 0;
    const auto* const last = digits.data() + digits.size();
    const auto [end, ec] = std::from_chars(digits.data(), last, version);
    if (!user || ec != std::errc{} || end != last || version < 1 || digits.front() == '0') return std::nullopt;
    return event_ref{*user, version};
}

socket_tally count_sockets(const socket_receipts& of, std::int64_t version) noexcept {
    socket_tally count;
    for (const auto& line : of.lines) {
        const auto& what = line.what;
        if (what.after >= version) continue;  // it began with this event behind it
        const bool written = what.written >= version;
        const bool acknowledged = written && what.acknowledged >= version;
        const bool done = what.acknowledges ? acknowledged : written;
        const bool ended = what.ended == version;
        if (written || ended || line.is_open()) ++count.listeners;
        if (ended) ++count.ended;
        if (written) ++count.written;
        if (acknowledged) ++count.acknowledged;
        if (line.is_open() && !done) ++count.waiting;
    }
    return count;
}

std::string_view to_string(hindrance why) noexcept {
    switch (why) {
        case hindrance::not_relayed: return "not_relayed";
        case hindrance::parked: return "parked";
        case hindrance::no_open_tab: return "no_open_tab";
        case hindrance::not_written: return "not_written";
        case hindrance::session_ended: return "session_ended";
        case hindrance::outbox_purged: return "outbox_purged";
        case hindrance::receipts_aged_out: return "receipts_aged_out";
        case hindrance::receipts_unavailable: return "receipts_unavailable";
    }
    return "";
}

std::string_view to_string(relay_state state) noexcept {
    switch (state) {
        case relay_state::pending: return "pending";
        case relay_state::relayed: return "relayed";
        case relay_state::parked: return "parked";
    }
    return "";
}

event_way conclude(event_record record, const result<socket_receipts>& seen) {
    event_way way;
    way.state = state_of(record, seen);
    if (seen) way.sockets = count_sockets(*seen, record.event.facts.version);
    way.why_not = why_not_written(record, way.state, seen, way.sockets.value_or(socket_tally{}));
    way.record = std::move(record);
    return way;
}

}  // namespace stagedoor::events
