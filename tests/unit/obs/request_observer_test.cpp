#include "common/obs/request_observer.hpp"

#include "common/obs/log.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/obs/pipe.hpp"

using namespace stagedoor;
using namespace stagedoor::obs;
using namespace std::chrono_literals;

namespace {

std::string line_of(const finished_request& request) {
    tests::pipe pipe;
    {
        const log::output output{{.fd = pipe.writer()}};
        metrics registry;
        request_observer{registry}.tell(request);
    }
    pipe.close_writer();
    return pipe.read_all().substr(std::string_view{"2026-11-23T20:03:01.123Z "}.size());
}

}  // namespace

TEST_CASE("a finished request is one line that tells who asked for what, and how it ended") {
    CHECK(line_of({.method = "GET",
                   .path = "/api/auth/me",
                   .status = 200,
                   .duration = 1234us,
                   .request_id = "r1",
                   .trace_id = "t1",
                   .user_id = "u1"}) ==
          "info  request method=GET path=/api/auth/me status=200 duration_us=1234 request_id=r1 trace_id=t1 user=u1\n");
}

TEST_CASE("a refused request says why, and whose session it was by a hash") {
    CHECK(line_of({.method = "GET",
                   .path = "/x",
                   .status = 401,
                   .duration = 5us,
                   .request_id = "r1",
                   .trace_id = {},
                   .user_id = "u1",
                   .session = "0123456789ab",
                   .code = "session_revoked"}) ==
          "info  request method=GET path=/x status=401 duration_us=5 request_id=r1 code=session_revoked user=u1 "
          "session=0123456789ab\n");
}

TEST_CASE("what is not known of a request is left out, and a failure of ours is a warning") {
    CHECK(line_of({.method = "POST",
                   .path = "/x",
                   .status = 503,
                   .duration = 5us,
                   .request_id = "r1",
                   .trace_id = {},
                   .user_id = "u1"}) ==
          "warn  request method=POST path=/x status=503 duration_us=5 request_id=r1 user=u1\n");
}

TEST_CASE("requests are counted by method and class of status, whatever a client calls its method") {
    metrics registry;
    const request_observer observe{registry};
    for (const auto* method : {"GET", "GET", "BREW", "\x01"}) observe.count(method, 404, 2ms);
    observe.count("GET", 0, 2ms);
    const auto text = registry.render();
    CHECK(text.find("stagedoor_http_requests_total{method=\"GET\",status=\"4xx\"} 2\n") != std::string::npos);
    CHECK(text.find("stagedoor_http_requests_total{method=\"other\",status=\"4xx\"} 2\n") != std::string::npos);
    CHECK(text.find("stagedoor_http_request_duration_seconds_bucket{le=\"0.0025\"} 5\n") != std::string::npos);
}
