#include "auth-service/stagectl/written_time.hpp"

#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::ctl;

namespace {

const auto now = *parse_rfc3339("2026-11-26T00:30:00Z");

std::string read(std::string_view text) {
    const auto time = parse_written_time(text, now);
    return time ? format_rfc3339(*time) : "none";
}

}  // namespace

TEST_CASE("times are taken exactly, as tables show them, as a day, or as how long ago") {
    CHECK(read("2026-11-25T19:00:00.5+01:00") == "2026-11-25T18:00:00.500Z");
    CHECK(read("2026-11-25 19:00:05") == "2026-11-25T19:00:05.000Z");
    CHECK(read("2026-11-25 19:00:05Z") == "2026-11-25T19:00:05.000Z");
    CHECK(read("2026-11-25 19:00") == "2026-11-25T19:00:00.000Z");
    CHECK(read("2026-11-25") == "2026-11-25T00:00:00.000Z");
    CHECK(read("90s") == "2026-11-26T00:28:30.000Z");
    CHECK(read("30m") == "2026-11-26T00:00:00.000Z");
    CHECK(read("2h") == "2026-11-25T22:30:00.000Z");
    CHECK(read("7d") == "2026-11-19T00:30:00.000Z");
}

TEST_CASE("what is no time is none") {
    for (const auto* text : {"", "h", "-2h", "2", "2w", "2.5h", "9999999999999999999d", "99999999d", "yesterday", "2026-11-31", "2026-1-1",
                             "2026-11-25 25:00", "2026-11-25_19:00", "19:00"}) {
        CHECK(read(text) == "none");
    }
}
