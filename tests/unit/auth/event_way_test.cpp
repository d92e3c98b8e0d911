// What is concluded about the way of an event.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "auth-service/src/events/event_way.hpp"

using namespace stagedoor;
using namespace stagedoor::events;

namespace {

constexpr std::int64_t version = 5;

socket_line line(std::string_view text, bool held = true) { return {*parse_receipt(text), held}; }

// Committed at 1,000 ms, relayed at 1,020 ms.
event_record relayed_record() {
    event_record record{user_event{"approved", {}, user_status::pending, "", from_unix_ms(1'000)}, "somebody", "api",
                        event_record::outbox_state{from_unix_ms(1'020), std::nullopt}};
    record.event.facts.version = version;
    return record;
}
event_record unmarked_record() {
    auto record = relayed_record();
    record.outbox->published_at.reset();
    return record;
}

result<socket_receipts> seen(std::vector<socket_line> lines, std::int64_t top = version, std::int64_t horizon_ms = 0) {
    return socket_receipts{std::move(lines), top, from_unix_ms(horizon_ms)};
}
const result<socket_receipts> redis_away{errc::redis_unavailable};

}  // namespace

TEST_CASE("an event's id is a user's id and a version, and nothing else", "[event_way]") {
    const std::string user = "01890a5d-ac96-774b-bcce-b302099a8057";
    CHECK(event_ref::parse(user + ".12") == event_ref{*user_id::parse(user), 12});
    for (const auto& text : {std::string{}, user, user + ".", user + ".0", user + ".-1", user + ".01", user + ".1.2",
                             user + ".1 ", user + ".x", std::string{"x.1"}, user + ".99999999999999999999"}) {
        INFO(text);
        CHECK_FALSE(event_ref::parse(text));
    }
}

TEST_CASE("sockets are counted by what each was given and has acknowledged", "[event_way]") {
    const auto count = [](std::vector<socket_line> lines) {
        return count_sockets(socket_receipts{std::move(lines), version, {}}, version);
    };
    CHECK(count({}) == socket_tally{0, 0, 0, 0});
    CHECK(count({line("o w 4 5 5 0")}) == socket_tally{1, 1, 1, 0});
    CHECK(count({line("o w 4 5 4 0")}) == socket_tally{1, 1, 0, 1});
    CHECK(count({line("o w 1 4 4 0")}) == socket_tally{1, 0, 0, 1});
    CHECK(count({line("c w 4 9 7 0")}) == socket_tally{1, 1, 1, 0});
    CHECK(count({line("o s 4 5 4 0")}) == socket_tally{1, 1, 0, 0});  // cannot acknowledge: nothing is waited for
    CHECK(count({line("o s 4 4 4 0")}) == socket_tally{1, 0, 0, 1});
    CHECK(count({line("o w 4 5 5 0"), line("o w 3 5 4 0"), line("c w 0 5 5 0")}) == socket_tally{3, 3, 2, 1});
}

TEST_CASE("who left without the event, or came after it, has not listened", "[event_way]") {
    const auto count = [](socket_line of) { return count_sockets(socket_receipts{{of}, version, {}}, version); };
    CHECK(count(line("c w 1 4 4 0")) == socket_tally{});
    CHECK(count(line("o w 5 5 5 0")) == socket_tally{});
    CHECK(count(line("o w 5 8 8 0")) == socket_tally{});
}

TEST_CASE("who was closed for the event has listened, and was given nothing", "[event_way]") {
    const auto count = [](std::vector<socket_line> lines, std::int64_t of = version) {
        return count_sockets(socket_receipts{std::move(lines), version, {}}, of);
    };
    CHECK(count({line("e w 1 4 4 5 0")}) == socket_tally{1, 0, 0, 0, 1});
    CHECK(count({line("e s 1 3 3 5 0")}) == socket_tally{1, 0, 0, 0, 1});
    CHECK(count({line("e w 1 4 4 5 0")}, version - 1) == socket_tally{1, 1, 1, 0, 0});
    CHECK(count({line("e w 1 4 4 5 0")}, version + 1) == socket_tally{});
    CHECK(count({line("e w 1 4 4 5 0"), line("o w 4 5 4 0"), line("o w 4 4 4 0")}) == socket_tally{3, 1, 0, 2, 1});
}

TEST_CASE("what a dead node said was open is not, but what it wrote was written", "[event_way]") {
    const auto count = [](socket_line of) { return count_sockets(socket_receipts{{of}, version, {}}, version); };
    CHECK(count(line("o w 1 4 4 0", false)) == socket_tally{});
    CHECK(count(line("o w 1 5 4 0", false)) == socket_tally{1, 1, 0, 0});
}

TEST_CASE("an event that reached a socket needs no excuse", "[event_way]") {
    const auto way = conclude(relayed_record(), seen({line("o w 4 5 5 0")}));
    CHECK(way.state == relay_state::relayed);
    CHECK(way.sockets == socket_tally{1, 1, 1, 0});
    CHECK_FALSE(way.why_not);
    CHECK_FALSE(conclude(relayed_record(), seen({line("o w 4 5 5 0"), line("e w 1 4 4 5 0")})).why_not);
}

TEST_CASE("why an event reached no socket", "[event_way]") {
    struct row {
        event_record record;
        result<socket_receipts> redis;
        relay_state state;
        hindrance why;
    };
    auto parked = unmarked_record();
    parked.outbox->parked = "WRONGTYPE";
    auto purged = relayed_record();
    purged.outbox.reset();
    const auto waits = line("o w 1 4 4 0");
    const std::vector<row> rows{
        {unmarked_record(), seen({waits}, version - 1), relay_state::pending, hindrance::not_relayed},
        {unmarked_record(), redis_away, relay_state::pending, hindrance::not_relayed},
        {parked, seen({waits}, version - 1), relay_state::parked, hindrance::parked},
        {parked, redis_away, relay_state::parked, hindrance::parked},
        {relayed_record(), redis_away, relay_state::relayed, hindrance::receipts_unavailable},
        {relayed_record(), seen({}), relay_state::relayed, hindrance::no_open_tab},
        {relayed_record(), seen({line("c w 1 4 4 0")}), relay_state::relayed, hindrance::no_open_tab},
        {relayed_record(), seen({waits}), relay_state::relayed, hindrance::not_written},
        {relayed_record(), seen({line("e w 1 4 4 5 0")}), relay_state::relayed, hindrance::session_ended},
        {relayed_record(), seen({line("e w 1 4 4 5 0"), waits}), relay_state::relayed, hindrance::not_written},
        {relayed_record(), seen({line("e w 1 4 4 6 0")}), relay_state::relayed, hindrance::no_open_tab},
        {relayed_record(), seen({}, version, 1'019), relay_state::relayed, hindrance::no_open_tab},
        {relayed_record(), seen({}, version, 1'020), relay_state::relayed, hindrance::receipts_aged_out},
        {purged, seen({}), relay_state::relayed, hindrance::outbox_purged},
    };
    for (std::size_t i = 0; i < rows.size(); ++i) {
        INFO("row " << i);
        const auto way = conclude(rows[i].record, rows[i].redis);
        CHECK(way.state == rows[i].state);
        CHECK(way.why_not == rows[i].why);
        CHECK(way.sockets.has_value() == rows[i].redis.has_value());
    }
}

TEST_CASE("what is in the stream is relayed, also before it is marked, and after a try that was parked", "[event_way]") {
    auto record = unmarked_record();
    CHECK(conclude(record, seen({}, version)).state == relay_state::relayed);
    record.outbox->parked = "tried too early";
    CHECK(conclude(record, seen({}, version + 1)).state == relay_state::relayed);
}
