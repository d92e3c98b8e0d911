#include "common/ops/security_events.hpp"

#include "tests/support/catch.hpp"

using namespace stagedoor;

TEST_CASE("every 403 and every 401 that tells of a session's end is an event") {
    for (const auto& row : problem_table) {
        const auto* const event = ops::security_event_of(row.error);
        INFO(row.code);
        // Strangers, forgeries and sessions long forgotten say nothing about anybody.
        const bool nobody =
            row.error == errc::no_session || row.error == errc::session_invalid || row.error == errc::session_unknown;
        CHECK((event != nullptr) == (((row.status == 401 || row.status == 403) && !nobody) || row.status == 429));
        if (event) CHECK((event->at == obs::log::level::info || event->at == obs::log::level::warn));
    }
}
