// The frames that notify-service writes itself.
#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "common/core/event.hpp"
#include "notify-service/src/push/connection_frames.hpp"

using namespace stagedoor;
using namespace stagedoor::notify;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

using watching = connection_frames::watching;

const instant now = from_unix_ms(1'800'000'000'123);

json::object parsed(const std::string& frame) { return json::parse(frame).as_object(); }

}  // namespace

TEST_CASE("a welcome carries snapshot, cursor, resumption and heartbeat interval", "[frames]") {
    connection_frames frames{"node7", 1};
    const user_facts facts{user_id{make_uuid_v7()},
                           "a@example.com",
                           "Ä \"x\"",
                           user_role::stage_manager,
                           user_status::active,
                           4,
                           2,
                           session_id{make_uuid_v4()},
                           2};
    const auto frame = parsed(frames.make(connection_frames::welcome{facts, make_cursor(facts.id, 3), true, watching::nothing, 25s}, now));
    CHECK(frame.at("specversion") == "1.0");
    CHECK(frame.at("type") == "stagedoor.connection.welcome");
    CHECK(frame.at("source") == "/stagedoor");
    CHECK(frame.at("id") == "node7.1.0");
    CHECK(frame.at("time") == json::string{format_rfc3339(now)});
    CHECK(frame.at("subject") == json::string{facts.id.text()});
    CHECK(parse_cursor(frame.at("cursor").as_string(), facts.id) == 3);
    const auto& data = frame.at("data").as_object();
    CHECK(data.at("resumed") == true);
    CHECK(data.at("heartbeatIntervalMs") == 25'000);
    const auto& user = data.at("user").as_object();
    CHECK(user.at("displayName") == json::string{facts.display_name});
    CHECK(user.size() == 6);  // no epoch, no kept session
    CHECK_FALSE(data.contains("feed"));
}

TEST_CASE("a console's welcome says where it stands in the admins' stream", "[frames]") {
    connection_frames frames{"node7", 1};
    const user_facts facts{};
    const auto feed_of = [&](watching feed) {
        return parsed(frames.make(connection_frames::welcome{facts, "c", true, feed, 25s}, now)).at("data").at("feed");
    };
    CHECK(feed_of(watching::soon).is_null());
    CHECK(feed_of(watching::anew).at("resumed") == false);
    CHECK(feed_of(watching::resumed).at("resumed") == true);
}

TEST_CASE("a heartbeat says what was written to the socket", "[frames]") {
    connection_frames frames{"n", 0};
    const user_id user{make_uuid_v7()};
    const auto frame = parsed(frames.make_heartbeat(make_cursor(user, 9), now));
    CHECK(frame.at("type") == "stagedoor.connection.heartbeat");
    CHECK(parse_cursor(frame.at("data").at("cursor").as_string(), user) == 9);
}

TEST_CASE("a closing frame advises what the close table says", "[frames]") {
    connection_frames frames{"n", 0};
    const auto over = parsed(frames.make({close_code::session_over, errc::session_signed_out, {}}, now));
    CHECK(over.at("type") == "stagedoor.connection.closing");
    CHECK(over.at("data").at("code") == 4401);
    CHECK(over.at("data").at("reconnect") == "never");
    CHECK(over.at("data").at("cause") == "session_signed_out");
    CHECK(over.at("data").at("afterMs").is_null());

    for (const auto& rule : close_table) {
        const auto frame = parsed(frames.make({rule.code, {}, 1500ms}, now));
        CHECK(frame.at("data").at("reason") == json::string{rule.reason});
        CHECK(frame.at("data").at("reconnect") == json::string{to_string(rule.advice)});
        CHECK(frame.at("data").at("afterMs") == 1500);
    }
}

TEST_CASE("no two frames of a node have one id", "[frames]") {
    connection_frames a{"n", 0};
    connection_frames b{"n", 1};
    CHECK(parsed(a.make_degraded(now)).at("id") != parsed(a.make_degraded(now)).at("id"));
    CHECK(parsed(a.make_degraded(now)).at("id") != parsed(b.make_degraded(now)).at("id"));
}
