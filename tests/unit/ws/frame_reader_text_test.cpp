// UTF-8 in messages, split at every byte and over fragments. After the Autobahn test suite's section 6.
#include "client_frames.hpp"
#include "common/ws/frame_reader.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::tests;
using ws::opcode;

namespace {

constexpr std::size_t limit = 4'096;

const std::vector<std::string> good{
    "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5",
    "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!",
    "\xf4\x8f\xbf\xbf",
    "\xef\xbf\xbe\xef\xbf\xbf",
    "\xf0\x90\x80\x80 and ASCII that is longer than a word",
};

const std::vector<std::string> bad{
    "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80 edited",
    "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80 edited",
    "\xc0\xaf",
    "\xe0\x80\xaf",
    "\xf0\x80\x80\xaf",
    "\xfe",
    "\xff",
    "\x80",
    "abcdefgh\x80ijklmnop",
    "\xce",
    "\xe1\xbd",
    "\xf4\x8f\xbf",  // the end comes too early
};

std::string in_fragments(const std::string& text, std::size_t cut) {
    return bytes_of({{.payload = text.substr(0, cut), .final = false},
                     {.code = opcode::continuation, .payload = text.substr(cut)}});
}

}  // namespace

TEST_CASE("UTF-8 is taken, with characters split over slices and over fragments") {
    for (const auto& text : good) {
        const std::vector<std::string> expected{"text:" + text};
        for (std::size_t step = 1; step <= text.size() + 6; ++step) {
            ws::frame_reader reader{limit};
            CHECK(events_of(reader, bytes_of({{.payload = text}}), step) == expected);
        }
        for (std::size_t cut = 0; cut <= text.size(); ++cut) {
            ws::frame_reader reader{limit};
            CHECK(events_of(reader, in_fragments(text, cut), 1'000) == expected);
        }
    }
}

TEST_CASE("a fragment for each byte of a text is put together again") {
    for (const auto& text : good) {
        std::string bytes = bytes_of({{.final = false}});
        for (const char c : text)
            bytes += bytes_of({{.code = opcode::continuation, .payload = std::string(1, c), .final = false}});
        bytes += bytes_of({{.code = opcode::continuation}});
        ws::frame_reader reader{limit};
        CHECK(events_of(reader, bytes, 5) == std::vector<std::string>{"text:" + text});
    }
}

TEST_CASE("what is not UTF-8 fails with 1007, however it is split") {
    for (const auto& text : bad) {
        const std::vector<std::string> expected{"failed 1007"};
        for (std::size_t step = 1; step <= text.size() + 6; ++step) {
            ws::frame_reader reader{limit};
            CHECK(events_of(reader, bytes_of({{.payload = text}}), step) == expected);
        }
        for (std::size_t cut = 0; cut <= text.size(); ++cut) {
            ws::frame_reader reader{limit};
            CHECK(events_of(reader, in_fragments(text, cut), 1'000) == expected);
        }
    }
}

TEST_CASE("a text fails at the byte that cannot be, not at its end") {
    const std::string text = "\xce\xba\xf4\x90 and much that will never be sent";
    const auto bytes = bytes_of({{.payload = text}});
    ws::frame_reader reader{limit};
    CHECK(events_of(reader, bytes.substr(0, 6 + 3), 1).empty());
    CHECK(events_of(reader, bytes.substr(6 + 3, 1), 1) == std::vector<std::string>{"failed 1007"});
}

TEST_CASE("a character half done does not leak into the next message") {
    ws::frame_reader reader{limit};
    CHECK(events_of(reader, bytes_of({{.code = opcode::binary, .payload = "\xce"}, {.payload = "\xce\xba"}}), 100) ==
          std::vector<std::string>{"binary:\xce", "text:\xce\xba"});
}
