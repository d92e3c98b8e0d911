// What cannot be framed, or is too large, is refused: by the same name wherever it is cut.
#include "common/http/request_reader.hpp"

#include <optional>
#include <vector>

#include "reading.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::http;
using namespace stagedoor::tests;
using state = request_reader::state;

namespace {

// The error with which `bytes` are refused, wherever they are cut; nothing when they are not.
std::optional<errc> refusal(std::string_view bytes, request_reader::bounds bounds = usual_bounds) {
    std::optional<errc> whole;
    for (const std::size_t step : {bytes.size(), std::size_t{1}, std::size_t{7}}) {
        request_reader reader{bounds};
        const auto reached = read(reader, bytes, step);
        const auto now = reached == state::refused ? std::optional{reader.refusal()} : std::nullopt;
        if (step == bytes.size()) whole = now;
        CHECK(now == whole);
    }
    return whole;
}

std::string repeated(std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
}

}  // namespace

TEST_CASE("shapes by which requests are smuggled are refused") {
    const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
    for (const auto& bytes : std::vector<std::string>{
             // both lengths, in both orders and in disguise
             post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
             post + "Content-Length: 3\r\nTransfer-Encoding: gzip\r\n\r\nabc",
             post + "Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc",
             // two lengths
             post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
             post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
             post + "Content-Length: 3, 3\r\n\r\nabc",
             // lengths that are none
             post + "Content-Length: +3\r\n\r\nabc",
             post + "Content-Length: -3\r\n\r\nabc",
             post + "Content-Length: 0x3\r\n\r\nabc",
             post + "Content-Length: 3 3\r\n\r\nabc",
             post + "Content-Length:\r\n\r\nabc",
             post + "Content-Length: 18446744073709551619\r\n\r\nabc",
             // two codings, or one that HTTP/1.0 has not
             post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
             std::string{"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
             // lines that readers divide in different places
             post + "X: a\r\n b\r\n\r\n",
             post + "X:\r\n b\r\n\r\n",
             post + "X:\r\n\tb\r\n\r\n",
             post + "X: a\r\n \r\n\r\n",
             std::string{"POST / HTTP/1.1\r\n Host: a\r\n\r\n"},
             post + "X: a\nY: b\r\n\r\n",
             post + "X: a\rY: b\r\n\r\n",
             post + "X : a\r\n\r\n",
             post + "X\r\n\r\n",
             post + ": a\r\n\r\n",
             post + "X Y: a\r\n\r\n",
             post + std::string{"X: a\0b\r\n\r\n", 10},
             std::string{"GET / HTTP/1.1\nHost: a\n\r\n\r\n"},
             // chunks
             post + "Transfer-Encoding: chunked\r\n\r\n-1\r\nabc",
             post + "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
             post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
             post + "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n",
             post + "Transfer-Encoding: chunked\r\n\r\n ffffffffffffffff1\r\n\r\n",
             // Host
             std::string{"GET / HTTP/1.1\r\n\r\n"},
             std::string{"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
             std::string{"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
             std::string{"GET / HTTP/1.1\r\nHost:\r\n\r\n"},
             std::string{"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
             std::string{"GET / HTTP/1.1\r\nHost: user@a\r\n\r\n"},
             std::string{"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
             std::string{"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"},
             // request lines
             std::string{"GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
             std::string{"GET /\tHTTP/1.1\r\nHost: a\r\n\r\n"},
             std::string{"GET / HTTP/1.1 \r\nHost: a\r\n\r\n"},
             std::string{"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"},
             std::string{"GET / HTTP/2.0\r\nHost: a\r\n\r\n"},
             std::string{"GET / HTTP/1.2\r\nHost: a\r\n\r\n"},
             std::string{"GET / http/1.1\r\nHost: a\r\n\r\n"},
             std::string{"GET /\r\nHost: a\r\n\r\n"},
             std::string{"G<T / HTTP/1.1\r\nHost: a\r\n\r\n"},
             std::string{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
             std::string{"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"},
             std::string{"GET /%2e%2e%2f HTTP/1.1\r\nHost: a\r\n\r\n"},
             std::string{"\x16\x03\x01\x02"},  // TLS
             std::string{" GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
             std::string{"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
             std::string{"\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
             std::string{"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
         }) {
        INFO(bytes);
        CHECK(refusal(bytes) == errc::bad_request);
    }
}

TEST_CASE("a transfer coding that we do not have is said to be so") {
    for (const auto* coding : {"gzip", "gzip, chunked", "chunked, gzip", "identity", "x", "", "chunked, chunked"}) {
        INFO(coding);
        CHECK(refusal("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: " + std::string{coding} +
                      "\r\n\r\n0\r\n\r\n") == errc::not_implemented);
    }
}

TEST_CASE("what is too large is refused by its own name, at the bound") {
    const request_reader::bounds small{.header_bytes = 2'000, .target_bytes = 100, .body_bytes = 50};
    const auto with_target = [](std::size_t size) {
        return "GET /" + std::string(size - 1, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
    };
    CHECK_FALSE(refusal(with_target(100), small));
    CHECK(refusal(with_target(101), small) == errc::uri_too_long);
    CHECK(refusal(with_target(10'000), small) == errc::uri_too_long);
    CHECK(refusal(std::string(5'000, 'A'), small) == errc::uri_too_long);

    const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    const auto with_head = [&](std::size_t size) {
        return head + std::string(size - head.size() - 4, 'a') + "\r\n\r\n";
    };
    CHECK_FALSE(refusal(with_head(2'000), small));
    CHECK(refusal(with_head(2'001), small) == errc::headers_too_large);
    CHECK(refusal(with_head(20'000), small) == errc::headers_too_large);
    CHECK(refusal(head + std::string(50'000, 'a'), small) == errc::headers_too_large);

    const auto with_length = [](std::size_t size) {
        return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" +
               std::string(size, 'a');
    };
    CHECK_FALSE(refusal(with_length(50), small));
    CHECK(refusal(with_length(51), small) == errc::payload_too_large);
    CHECK(refusal("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999\r\n\r\n", small) ==
          errc::payload_too_large);

    const std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    CHECK_FALSE(refusal(chunked + repeated("19\r\n" + std::string(25, 'a') + "\r\n", 2) + "0\r\n\r\n", small));
    CHECK(refusal(chunked + "33\r\n", small) == errc::payload_too_large);
    CHECK(refusal(chunked + repeated("19\r\n" + std::string(25, 'a') + "\r\n", 3), small) == errc::payload_too_large);
}

TEST_CASE("neither fields nor chunk extensions nor trailers can be sent without end") {
    CHECK_FALSE(refusal("GET / HTTP/1.1\r\nHost: a\r\n" + repeated("X: 1\r\n", header_fields - 1) + "\r\n"));
    CHECK(refusal("GET / HTTP/1.1\r\nHost: a\r\n" + repeated("X: 1\r\n", header_fields) + "\r\n") ==
          errc::headers_too_large);

    const std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    CHECK(refusal(chunked + "1;" + std::string(100'000, 'e')) == errc::bad_request);
    CHECK(refusal(chunked + "0\r\nX: " + std::string(100'000, 'e')) == errc::bad_request);
    const auto wasteful = "1;e=" + std::string(500, 'e') + "\r\nx\r\n";
    CHECK(refusal(chunked + repeated(wasteful, 600)) == errc::payload_too_large);
}
