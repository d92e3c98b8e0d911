#include <catch2/catch.hpp>

#include "common/core/admin_event.hpp"
#include "common/core/event.hpp"

using namespace stagedoor;

namespace {

const user_id ada = *user_id::parse("01890a5d-ac96-774b-bcce-b302099a8057");

}  // namespace

TEST_CASE("an admins' letter is its life, its number and a frame", "[admin_event]") {
    const auto letter = parse_admin_letter("a x_-9 12 {\"a\": 1}");
    REQUIRE(letter.has_value());
    CHECK(letter->incarnation == "x_-9");
    CHECK(letter->number == 12);
    CHECK(letter->frame == "{\"a\": 1}");
    for (const auto* text : {"", "a", "a x", "a x 1", "a x 1 ", "a x 0 {}", "a x -1 {}", "a x y {}", "a  1 {}", "a x.y 1 {}",
                             "e 1 1 - - active {}", "c {}"}) {
        INFO(text);
        CHECK_FALSE(parse_admin_letter(text).has_value());
    }
}

TEST_CASE("a console's cursor names two places, and each is found again", "[admin_event]") {
    const admin_place place{"a-b_c-1", 77};
    const auto cursor = make_console_cursor(ada, 3, place);
    CHECK(cursor == "96f8b57a-3.a-b_c-1-77");
    CHECK(parse_cursor(cursor, ada) == 3);
    CHECK(parse_admin_place(cursor) == place);
    CHECK(make_console_cursor(ada, 3, std::nullopt) == make_cursor(ada, 3));
}

TEST_CASE("a cursor that names no place in the admins' stream names none", "[admin_event]") {
    for (const auto* cursor : {"", "96f8b57a-3", "96f8b57a-3.", "96f8b57a-3.x", "96f8b57a-3.x-", "96f8b57a-3.-1",
                               "96f8b57a-3.x-0", "96f8b57a-3.x y-1", "96f8b57a-3.x-1x", "96f8b57a-3.x.y-1"}) {
        INFO(cursor);
        CHECK_FALSE(parse_admin_place(cursor));
    }
}

TEST_CASE("a frame gets another cursor and stays what it was, whatever people have typed", "[admin_event]") {
    user_event event;
    event.kind = "rejected";
    event.facts.id = ada;
    event.facts.version = 2;
    event.facts.email = "ada@example.com";
    event.facts.display_name = R"("subject":"x","cursor":"y")";
    event.reason = R"(","cursor":"mine")";
    const auto frame = to_frame(event);
    const auto told = with_cursor(frame, "a-1.b-2");
    CHECK(subject_of(told) == ada);
    CHECK(with_cursor(told, make_cursor(ada, 2)) == frame);
    CHECK(told.find("\"cursor\":\"a-1.b-2\",\"datacontenttype\"") != std::string::npos);
    CHECK(with_cursor("{}", "x") == "{}");
    CHECK_FALSE(subject_of("{}"));
}

TEST_CASE("what is told of refused calls is about nobody, and gets a cursor like any frame", "[admin_event]") {
    const denials_told news{"01890a5d-b2c8-7c11-9f3e-2d4b7a1c9e55", 3, *parse_rfc3339("2026-11-25T20:14:05.250Z")};
    const auto frame = to_frame(news);
    CHECK_FALSE(subject_of(frame));
    CHECK(with_cursor(frame, "a-1.b-2") ==
          R"({"specversion":"1.0","id":"01890a5d-b2c8-7c11-9f3e-2d4b7a1c9e55","source":"/stagedoor",)"
          R"("type":"stagedoor.audit.denied","time":"2026-11-25T20:14:05.250Z","cursor":"a-1.b-2",)"
          R"("datacontenttype":"application/json","data":{"calls":3}})");
}
