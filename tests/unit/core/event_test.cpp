#include <boost/json.hpp>
#include "tests/support/catch.hpp"

#include "common/core/event.hpp"

using namespace stagedoor;

namespace {

user_event some_event() {
    user_facts facts;
    facts.id = *user_id::parse("01890a5d-ac96-774b-bcce-b302099a8057");
    facts.email = "ada@example.com";
    facts.display_name = "Ada \"the\" Lovelace\n";
    facts.status = user_status::active;
    facts.version = 2;
    facts.epoch = 1;
    return {"approved", facts, user_status::pending, "welcome", from_unix_ms(1'800'000'000'123)};
}

}  // namespace

TEST_CASE("a letter carries the frame and what sockets are judged by") {
    auto event = some_event();
    event.facts.kept_session = session_id{make_uuid_v4()};
    event.facts.kept_epoch = 1;
    const auto text = to_letter(event);
    const auto parsed = parse_letter(text);
    REQUIRE(parsed);
    CHECK(parsed->version == 2);
    CHECK(parsed->epoch == 1);
    CHECK(parsed->kept_session == event.facts.kept_session);
    CHECK(parsed->kept_epoch == 1);
    CHECK(parsed->status == user_status::active);
    CHECK(parsed->frame == to_frame(event));
}

TEST_CASE("a frame is a CloudEvent with our cursor and without what clients must not see") {
    const auto event = some_event();
    const auto object = boost::json::parse(to_frame(event)).as_object();
    CHECK(object.at("specversion") == "1.0");
    CHECK(object.at("id") == "01890a5d-ac96-774b-bcce-b302099a8057.2");
    CHECK(object.at("type") == "stagedoor.stage_manager.approved");
    CHECK(object.at("time") == "2027-01-15T08:00:00.123Z");
    CHECK(object.at("cursor").as_string() == boost::json::string_view{make_cursor(event.facts.id, 2)});
    const auto& data = object.at("data").as_object();
    CHECK(data.at("user").at("displayName") == "Ada \"the\" Lovelace\n");
    CHECK(data.at("previousStatus") == "pending");
    CHECK(data.at("version") == 2);
    CHECK_FALSE(data.at("user").as_object().contains("epoch"));
}

TEST_CASE("a letter cut anywhere in its head is no letter") {
    const auto text = to_letter(some_event());
    const auto head = text.find('{');
    for (std::size_t size = 0; size <= head; ++size) CHECK_FALSE(parse_letter(std::string_view{text}.substr(0, size)));
}

TEST_CASE("a cursor is good for its own user only") {
    const user_id a{make_uuid_v7()}, b{make_uuid_v7()};
    CHECK(parse_cursor(make_cursor(a, 17), a) == 17);
    CHECK_FALSE(parse_cursor(make_cursor(a, 17), b));
    for (const auto* odd : {"", "-", "x-1", "00000000-", "-1"}) CHECK_FALSE(parse_cursor(odd, a));
    CHECK_FALSE(parse_cursor(make_cursor(a, 17) + "x", a));
}

TEST_CASE("control messages say which session ended and why") {
    const session_ended message{session_id{make_uuid_v4()}, errc::session_signed_out};
    const auto text = to_control_message(message);
    CHECK(is_control_message(text));
    const auto parsed = parse_control_message(text);
    REQUIRE(parsed);
    CHECK(parsed->session == message.session);
    CHECK(parsed->reason == errc::session_signed_out);
    CHECK_FALSE(parse_control_message("c {}"));
    CHECK_FALSE(parse_control_message("c nonsense"));
    CHECK_FALSE(is_control_message(to_letter(some_event())));
}

TEST_CASE("a snapshot survives its text") {
    auto facts = some_event().facts;
    CHECK(*parse_snapshot(to_snapshot_json(facts)) == facts);
    facts.kept_session = session_id{make_uuid_v4()};
    facts.kept_epoch = 9;
    CHECK(*parse_snapshot(to_snapshot_json(facts)) == facts);
    for (const auto* odd : {"", "{}", "[]", "1", "{\"id\":1}"}) CHECK_FALSE(parse_snapshot(odd));
}
