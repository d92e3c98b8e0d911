#include "common/ws/shared_frame.hpp"

#include "common/core/limits.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::ws;

namespace {

std::string bytes(std::initializer_list<unsigned> values) {
    std::string out;
    for (const auto each : values) out += static_cast<char>(each);
    return out;
}

}  // namespace

TEST_CASE("a frame has the shortest header that holds its length, and no mask") {
    CHECK(make_text_frame("Hello")->view() == "\x81\x05Hello");
    CHECK(make_frame(opcode::ping, {})->view() == bytes({0x89, 0}));
    const auto head = [](std::size_t size) {
        const auto frame = make_frame(opcode::binary, std::string(size, 'x'));
        CHECK(frame->view().ends_with(std::string(size, 'x')));
        return std::string{frame->view().substr(0, frame->size() - size)};
    };
    CHECK(head(125) == bytes({0x82, 125}));
    CHECK(head(126) == bytes({0x82, 126, 0, 126}));
    CHECK(head(65'535) == bytes({0x82, 126, 0xff, 0xff}));
    CHECK(head(65'536) == bytes({0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0}));
}

TEST_CASE("a Close carries its code and a reason that fits") {
    CHECK(make_close_frame(closing::none_given, "x")->view() == bytes({0x88, 0}));
    CHECK(make_close_frame(4401, "over")->view() == bytes({0x88, 6, 0x11, 0x31}) + "over");
    CHECK(make_close_frame(1000, std::string(123, 'r'))->size() == 2 + 125);
    CHECK(make_close_frame(1000, std::string(200, 'r'))->size() == 2 + 125);
    // 61 characters of two bytes, and one that would not fit whole
    std::string greek;
    for (int i = 0; i < 100; ++i) greek += "\xce\xba";
    CHECK(make_close_frame(1000, greek)->size() == 2 + 2 + 122);
}
