#include "auth-service/stagectl/stream_lines.hpp"

#include "tests/support/catch.hpp"

using namespace stagedoor::ctl;
using namespace std::chrono_literals;

namespace {

const std::string welcome =
    "retry: 700\n\ndata: {\"type\":\"stagedoor.connection.welcome\",\"data\":{\"heartbeatIntervalMs\":2000}}\n\n";
const std::string approved = "id: 96f8b57a-2\ndata: {\"type\":\"stagedoor.stage_manager.approved\",\"data\":{}}\n\n";

std::string closing(const std::string& reconnect, const std::string& after_ms) {
    return "data: {\"type\":\"stagedoor.connection.closing\",\"data\":{\"code\":4413,\"reconnect\":\"" + reconnect +
           "\",\"afterMs\":" + after_ms + "}}\r\n\r\n";
}

}  // namespace

TEST_CASE("each frame is news once, wherever the stream is cut into pieces") {
    const auto whole = welcome + approved;
    stream_lines by_bytes;
    int frames = 0;
    for (const char byte : whole) {
        REQUIRE(by_bytes.take({&byte, 1}));
        frames += by_bytes.take_news() ? 1 : 0;
    }
    CHECK(frames == 2);
    for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
        stream_lines stream;
        CHECK_FALSE(stream.is_welcomed());
        REQUIRE(stream.take(whole.substr(0, cut)));
        REQUIRE(stream.take(whole.substr(cut)));
        CHECK(stream.is_welcomed());
        CHECK(stream.take_news());
        CHECK_FALSE(stream.take_news());
        CHECK(stream.silence_max() == 3000ms);
    }
}

TEST_CASE("the end of a stream says what to do then") {
    const auto after_end = [](const std::string& end) {
        stream_lines stream;
        stream.take(welcome + end);
        CHECK(stream.is_welcomed());
        return stream;
    };
    CHECK(after_end(closing("now", "null")).advice() == reconnect_advice::now);
    CHECK(after_end(closing("after", "1200")).advice() == reconnect_advice::after);
    CHECK(after_end(closing("after", "1200")).after() == 1200ms);
    CHECK(after_end(closing("after", "-5")).after() == 0ms);
    CHECK(after_end(closing("never", "null")).advice() == reconnect_advice::none);
    auto stream = after_end(closing("now", "null"));
    stream.reset();
    CHECK(stream.advice() == reconnect_advice::none);
}

TEST_CASE("what is no stream of ours is passed over, and a line without an end is refused") {
    stream_lines stream;
    CHECK(stream.take("data: {\n: a comment\ndata: [1]\nevent: x\ndata:\n\n"));
    CHECK_FALSE(stream.take_news());
    CHECK_FALSE(stream.take(std::string(2 * 1024 * 1024, 'x')));
}
