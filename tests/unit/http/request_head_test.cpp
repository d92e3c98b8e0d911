// Heads as we read them against Beast's parser, which others have tried to fool for years: of what strangers might make
// of good heads, whatever is taken here is taken there, with the same request line, fields and framing.
#include "common/http/request_head.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

using namespace stagedoor;
namespace beast_http = boost::beast::http;

namespace {

class beast_reader final : public beast_http::basic_parser<true> {
public:
    beast_reader() {
        skip(true);
        header_limit(64 * 1024);
    }
    std::string verb, target;
    int version = 0;
    std::vector<std::pair<std::string, std::string>> fields;

private:
    using text = boost::beast::string_view;
    using error_code = boost::beast::error_code;
    void on_request_impl(beast_http::verb, text method, text where, int which, error_code&) override {
        verb = std::string{method};
        target = std::string{where};
        version = which;
    }
    void on_field_impl(beast_http::field, text name, text value, error_code&) override {
        fields.emplace_back(name, value);
    }
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(text, error_code&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, text, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, text, error_code&) override { return 0; }
    void on_finish_impl(error_code&) override {}
    void on_response_impl(int, text, int, error_code&) override {}
};

const std::vector<std::string> good_heads{
    "GET /api/auth/me?a=b%20c HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) "
    "Gecko/20100101\r\nAccept: */*\r\nConnection: keep-alive, Upgrade\r\nCookie: stagedoor-8080=abc; other=\"x y\"\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 17\r\nContent-Type: application/json\r\nExpect: "
    "100-continue\r\nX-Empty:\r\nX-Blanks: \t a\tb \t\r\n\r\n",
    "PATCH /x HTTP/1.0\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    "PUT /long HTTP/1.1\r\nhost: a\r\ntransfer-encoding: Chunked\r\nProxy-Connection: close\r\nX: "
    "\xc3\xa9t\xc3\xa9 and more than eight bytes of it\r\n\r\n",
};

// What is worth putting where something else was.
const std::string pieces[] = {"\r", "\n", "\r\n", " ", "\t", ":", ",", "\0", "\x7f", "\x01", "\x80", "\xff", "0", "1",
                              "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "Content-Length: 5\r\n", "Content-Length: 5, 5\r\n",
                              "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Host: b\r\n",
                              "Connection: close\r\n", "Connection: a b\r\n", " folded\r\n", "close", "+", "-", "(", "@"};

std::string mutated(std::string head, std::mt19937& random) {
    const auto below = [&](std::size_t bound) { return std::uniform_int_distribution<std::size_t>{0, bound - 1}(random); };
    for (auto changes = 1 + below(3); changes > 0; --changes) {
        const auto at = below(head.size() + 1);
        const auto& piece = pieces[below(std::size(pieces))];
        switch (below(4)) {
            case 0: head.insert(at, piece); break;
            case 1: head.erase(at, 1 + below(3)); break;
            case 2: head.replace(at, std::min(piece.size(), head.size() - at), piece); break;
            default: {
                const auto line = head.find("\r\n", at);  // whole lines go where lines may be
                if (line != std::string::npos) head.insert(line + 2, piece);
            }
        }
    }
    return head;
}

}  // namespace

TEST_CASE("a field that decides whether a page may act is there once, or the request is refused") {
    const auto verdict = [](const std::string& fields) {
        http::request_parts parts;
        return http::read_head("POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n", 100, parts).has_value();
    };
    for (const std::string name : {"Origin", "Sec-Fetch-Site"}) {
        CHECK(verdict(name + ": same-origin\r\n"));
        CHECK_FALSE(verdict(name + ": same-origin\r\nX: y\r\n" + name + ": cross-site\r\n"));
    }
}

TEST_CASE("whatever head is taken, Beast takes it too and reads the same in it") {
    std::mt19937 random{20'261'125};
    std::size_t taken = 0, refused_by_both = 0;
    for (int round = 0; round < 200'000; ++round) {
        const auto& from = good_heads[static_cast<std::size_t>(round) % good_heads.size()];
        const auto head = round < 4 ? from : mutated(from, random);
        http::request_parts parts;
        const auto framing = http::read_head(head, 4096, parts);
        beast_reader theirs;
        boost::beast::error_code failed;
        const auto size = theirs.put(boost::asio::buffer(head), failed);
        const bool whole = !failed && theirs.is_done() && size == head.size();
        CAPTURE(round, head);
        if (!framing) {
            if (!whole) ++refused_by_both;
            continue;
        }
        ++taken;
        REQUIRE(whole);
        REQUIRE(parts.keep_alive == theirs.keep_alive());
        REQUIRE(static_cast<int>(parts.minor_version) + 10 == theirs.version);
        REQUIRE(parts.verb == http::find_method(theirs.verb));
        REQUIRE(parts.fields.size() == theirs.fields.size());
        for (std::size_t i = 0; i < parts.fields.size(); ++i) {
            REQUIRE(parts.fields[i].name == theirs.fields[i].first);
            REQUIRE(parts.fields[i].value == theirs.fields[i].second);
        }
        REQUIRE(framing->chunked == theirs.chunked());
        REQUIRE(framing->length == theirs.content_length().value_or(0));
    }
    CHECK(taken > 20'000);
    CHECK(refused_by_both > 20'000);
}
