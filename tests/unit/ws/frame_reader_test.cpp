// RFC 6455 as a table of cases, each cut at every byte. After the Autobahn test suite's sections 1 to 5, 7 and 9.
#include "common/ws/frame_reader.hpp"

#include "client_frames.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::tests;
using ws::opcode;

namespace {

constexpr std::size_t limit = 70'000;  // above 65,536, so that every form of length can be seen

struct rfc_case {
    std::string name;
    std::string bytes;
    std::vector<std::string> events;
};

const std::string mu = "\xc2\xb5";
const std::string ninety_kilobytes(90'000, 'x');

const std::vector<rfc_case> cases{
    // 1: messages
    {"empty text", bytes_of({{.code = opcode::text}}), {"text:"}},
    {"text", bytes_of({{.code = opcode::text, .payload = "Hello"}}), {"text:Hello"}},
    {"text of RFC 6455 section 5.7", "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", {"text:Hello"}},
    {"empty binary", bytes_of({{.code = opcode::binary}}), {"binary:"}},
    {"binary of any bytes", bytes_of({{.code = opcode::binary, .payload = "\xff\x80\xfe"}}), {"binary:\xff\x80\xfe"}},
    {"two messages", bytes_of({{.payload = "a"}, {.payload = "b"}}), {"text:a", "text:b"}},
    {"a mask of zeros", bytes_of({{.payload = "Hello", .mask = {0, 0, 0, 0}}}), {"text:Hello"}},
    // 2: pings and pongs
    {"ping without payload", bytes_of({{.code = opcode::ping}}), {"ping:"}},
    {"ping", bytes_of({{.code = opcode::ping, .payload = "are you there"}}), {"ping:are you there"}},
    {"ping of any bytes",
     bytes_of({{.code = opcode::ping, .payload = {"\x00\xff\xfe", 3}}}),
     {std::string{"ping:\x00\xff\xfe", 8}}},
    {"the longest ping",
     bytes_of({{.code = opcode::ping, .payload = std::string(125, 'p')}}),
     {"ping:" + std::string(125, 'p')}},
    {"a ping too long", bytes_of({{.code = opcode::ping, .payload = std::string(126, 'p')}}), {"failed 1002"}},
    {"pong unasked", bytes_of({{.code = opcode::pong, .payload = "x"}, {.code = opcode::ping}}), {"pong:x", "ping:"}},
    {"ten pings",
     bytes_of({{.code = opcode::ping, .payload = "1"},
               {.code = opcode::ping, .payload = "2"},
               {.code = opcode::ping, .payload = "3"}}),
     {"ping:1", "ping:2", "ping:3"}},
    // 3: reserved bits
    {"RSV1", bytes_of({{.payload = "a", .reserved = 4}}), {"failed 1002"}},
    {"RSV2", bytes_of({{.payload = "a", .reserved = 2}}), {"failed 1002"}},
    {"RSV3 on a ping", bytes_of({{.code = opcode::ping, .reserved = 1}}), {"failed 1002"}},
    {"all of them on a Close", bytes_of({{.code = opcode::close, .reserved = 7}}), {"failed 1002"}},
    {"a reserved bit after a good message",
     bytes_of({{.payload = "a"}, {.payload = "b", .reserved = 4}}),
     {"text:a", "failed 1002"}},
    // 4: opcodes
    {"opcode 3", bytes_of({{.code = opcode{3}, .payload = "a"}}), {"failed 1002"}},
    {"opcode 7", bytes_of({{.code = opcode{7}}}), {"failed 1002"}},
    {"opcode 11", bytes_of({{.code = opcode{11}}}), {"failed 1002"}},
    {"opcode 15", bytes_of({{.code = opcode{15}, .payload = "a"}}), {"failed 1002"}},
    // 5: fragments
    {"two fragments",
     bytes_of({{.payload = "Hel", .final = false}, {.code = opcode::continuation, .payload = "lo"}}),
     {"text:Hello"}},
    {"fragments of nothing",
     bytes_of({{.final = false}, {.code = opcode::continuation, .final = false}, {.code = opcode::continuation}}),
     {"text:"}},
    {"binary in fragments",
     bytes_of({{.code = opcode::binary, .payload = "\xff", .final = false},
               {.code = opcode::continuation, .payload = "\xfe"}}),
     {"binary:\xff\xfe"}},
    {"a ping amid fragments",
     bytes_of({{.payload = "Hel", .final = false},
               {.code = opcode::ping, .payload = "p"},
               {.code = opcode::continuation, .payload = "lo"}}),
     {"ping:p", "text:Hello"}},
    {"pings and a pong amid many fragments",
     bytes_of({{.payload = "a", .final = false},
               {.code = opcode::continuation, .payload = "b", .final = false},
               {.code = opcode::ping, .payload = "1"},
               {.code = opcode::pong, .payload = "2"},
               {.code = opcode::continuation, .payload = "c", .final = false},
               {.code = opcode::ping},
               {.code = opcode::continuation, .payload = "d"},
               {.payload = "next"}}),
     {"ping:1", "pong:2", "ping:", "text:abcd", "text:next"}},
    {"a Close amid fragments",
     bytes_of({{.payload = "a", .final = false}, {.code = opcode::close, .payload = close_payload(1000)}}),
     {"close 1000:"}},
    {"a ping in fragments", bytes_of({{.code = opcode::ping, .payload = "a", .final = false}}), {"failed 1002"}},
    {"a Close in fragments", bytes_of({{.code = opcode::close, .final = false}}), {"failed 1002"}},
    {"a continuation of nothing", bytes_of({{.code = opcode::continuation, .payload = "a"}}), {"failed 1002"}},
    {"a continuation of nothing that goes on",
     bytes_of({{.code = opcode::continuation, .payload = "a", .final = false}}),
     {"failed 1002"}},
    {"a continuation after the end",
     bytes_of({{.payload = "a", .final = false}, {.code = opcode::continuation}, {.code = opcode::continuation}}),
     {"text:a", "failed 1002"}},
    {"text within a text", bytes_of({{.payload = "a", .final = false}, {.payload = "b"}}), {"failed 1002"}},
    {"binary within a text",
     bytes_of({{.payload = "a", .final = false}, {.code = opcode::binary, .payload = "b"}}),
     {"failed 1002"}},
    // masks
    {"a text without mask", bytes_of({{.payload = "a", .masked = false}}), {"failed 1002"}},
    {"a ping without mask", bytes_of({{.code = opcode::ping, .masked = false}}), {"failed 1002"}},
    {"a Close without mask", bytes_of({{.code = opcode::close, .masked = false}}), {"failed 1002"}},
    // lengths
    {"16 bits for 125 bytes", bytes_of({{.payload = std::string(125, 'x'), .length_form = 16}}), {"failed 1002"}},
    {"16 bits for none", bytes_of({{.length_form = 16}}), {"failed 1002"}},
    {"64 bits for 65,535 bytes", bytes_of({{.payload = std::string(65'535, 'x'), .length_form = 64}}), {"failed 1002"}},
    {"64 bits for a ping", bytes_of({{.code = opcode::ping, .length_form = 64}}), {"failed 1002"}},
    {"the highest bit of a length", {"\x82\xff\x80\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00", 14}, {"failed 1002"}},
    {"a length of 2^62", {"\x82\xff\x40\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 14}, {"failed 1009"}},
    // 7: Close
    {"Close without code", bytes_of({{.code = opcode::close}}), {"close 1005:"}},
    {"Close with a code", bytes_of({{.code = opcode::close, .payload = close_payload(1001)}}), {"close 1001:"}},
    {"Close with a reason",
     bytes_of({{.code = opcode::close, .payload = close_payload(1000, "bye")}}),
     {"close 1000:bye"}},
    {"Close with the longest reason",
     bytes_of({{.code = opcode::close, .payload = close_payload(1000, std::string(123, 'r'))}}),
     {"close 1000:" + std::string(123, 'r')}},
    {"Close that is too long",
     bytes_of({{.code = opcode::close, .payload = close_payload(1000, std::string(124, 'r'))}}),
     {"failed 1002"}},
    {"Close with half a code", bytes_of({{.code = opcode::close, .payload = "\x03"}}), {"failed 1002"}},
    {"Close with a reason that is no UTF-8",
     bytes_of({{.code = opcode::close, .payload = close_payload(1000, "\xce\xba\xed\xa0\x80")}}),
     {"failed 1007"}},
    {"Close with a reason that ends within a character",
     bytes_of({{.code = opcode::close, .payload = close_payload(1000, "\xce")}}),
     {"failed 1007"}},
    {"what follows a Close",
     bytes_of({{.code = opcode::close}, {.payload = "a"}, {.code = opcode::ping}}),
     {"close 1005:"}},
    {"what follows a failure", bytes_of({{.payload = "a", .reserved = 1}, {.payload = "b"}}), {"failed 1002"}},
};

}  // namespace

TEST_CASE("frames are read as RFC 6455 says, wherever they are cut") {
    for (const auto& each : cases) {
        INFO(each.name);
        const auto longest = each.bytes.size();
        for (std::size_t step = 1; step <= std::min<std::size_t>(longest, 200); ++step) {
            ws::frame_reader reader{limit};
            REQUIRE(events_of(reader, each.bytes, step) == each.events);
        }
        ws::frame_reader reader{limit};
        CHECK(events_of(reader, each.bytes, longest) == each.events);
    }
}

TEST_CASE("frames are read the same when cut in two at any byte") {
    for (const auto& each : cases) {
        INFO(each.name);
        for (std::size_t cut = 0; cut <= std::min<std::size_t>(each.bytes.size(), 400); ++cut) {
            ws::frame_reader reader{limit};
            auto seen = events_of(reader, each.bytes.substr(0, cut), each.bytes.size());
            const auto rest = events_of(reader, each.bytes.substr(cut), each.bytes.size());
            seen.insert(seen.end(), rest.begin(), rest.end());
            REQUIRE(seen == each.events);
        }
    }
}

TEST_CASE("every close code is taken or refused by the registry") {
    for (unsigned code = 0; code <= 0xffff; ++code) {
        const bool allowed =
            (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
        ws::frame_reader reader{limit};
        const auto seen = events_of(reader, bytes_of({{.code = opcode::close, .payload = close_payload(code)}}), 100);
        const auto expected = allowed ? "close " + std::to_string(code) + ":" : "failed 1002";
        if (seen != std::vector<std::string>{expected}) FAIL(code);
    }
    SUCCEED();
}

TEST_CASE("messages around every boundary of the length forms are read") {
    for (const std::size_t size :
         {0u, 1u, 3u, 4u, 7u, 8u, 9u, 124u, 125u, 126u, 127u, 128u, 4'096u, 65'534u, 65'535u, 65'536u, 65'537u}) {
        INFO(size);
        std::string payload(size, 'x');
        for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>('a' + i % 26);
        const auto bytes = bytes_of({{.payload = payload}});
        for (const std::size_t step : {std::size_t{1}, std::size_t{997}, std::size_t{16'384}, bytes.size()}) {
            ws::frame_reader reader{limit};
            CHECK(events_of(reader, bytes, step) == std::vector<std::string>{"text:" + payload});
        }
    }
}

TEST_CASE("a message larger than the bound is refused as soon as its header says so") {
    const auto at_bound = bytes_of({{.payload = std::string(4'096, 'x')}});
    const auto above = bytes_of({{.payload = std::string(4'097, 'x')}});
    ws::frame_reader reader{4'096};
    CHECK(events_of(reader, at_bound, 100).size() == 1);
    CHECK(events_of(reader, above.substr(0, 8), 1) == std::vector<std::string>{"failed 1009"});

    ws::frame_reader fragmented{4'096};
    const auto fragments = bytes_of({{.payload = std::string(4'000, 'x'), .final = false}});
    CHECK(events_of(fragmented, fragments, 4'100).empty());
    const auto last = bytes_of({{.code = opcode::continuation, .payload = std::string(97, 'x')}});
    CHECK(events_of(fragmented, last.substr(0, 6), 100) == std::vector<std::string>{"failed 1009"});

    ws::frame_reader exact{4'096};
    const auto rest = bytes_of({{.code = opcode::continuation, .payload = std::string(96, 'x')}});
    CHECK(events_of(exact, fragments + rest, 4'100) == std::vector<std::string>{"text:" + std::string(4'096, 'x')});
}

TEST_CASE("a whole frame is shown where it lies") {
    auto bytes = bytes_of({{.payload = "Hello"}});
    std::span<char> slice{bytes};
    ws::frame_reader reader{limit};
    const auto happened = reader.next(slice);
    CHECK(happened.payload.data() == bytes.data() + 6);
    CHECK(slice.empty());
}
