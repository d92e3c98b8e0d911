#include "common/http/response.hpp"

#include <boost/json/parse.hpp>
#include <stdexcept>

#include "common/http/response_writer.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::http;

namespace {

std::string written(const response& answer, write_options options = {.date = "D", .request_id = "r1"}) {
    std::string out;
    append_response(out, answer, options);
    return out;
}

bool has(const std::string& text, std::string_view line) { return text.find(line) != std::string::npos; }

std::string body_of(const std::string& text) { return text.substr(text.find("\r\n\r\n") + 4); }

}  // namespace

TEST_CASE("a response is its status line, fields with safe defaults, and the body") {
    CHECK(written(response::json(200, "{}")) ==
          "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
          "Cache-Control: no-store\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
          "Cross-Origin-Resource-Policy: same-origin\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: "
          "no-referrer\r\n"
          "X-Request-Id: r1\r\n\r\n{}");
}

TEST_CASE("a field of the same name replaces a default") {
    const auto text = written(response::fixed(200, "text/html; charset=utf-8", "<p>")
                                  .add("Cache-Control", "max-age=60")
                                  .add("Content-Security-Policy", "default-src 'self'"));
    CHECK(has(text, "\r\nCache-Control: max-age=60\r\n"));
    CHECK_FALSE(has(text, "no-store"));
    CHECK(has(text, "\r\nContent-Security-Policy: default-src 'self'\r\n"));
    CHECK_FALSE(has(text, "'none'"));
    CHECK(has(text, "\r\nCross-Origin-Resource-Policy: same-origin\r\n"));
    CHECK(body_of(text) == "<p>");
}

TEST_CASE("several cookies are several fields") {
    const auto text = written(response{204}.add("Set-Cookie", "a=1").add("Set-Cookie", "b=2"));
    CHECK(has(text, "\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"));
    CHECK(has(text, "HTTP/1.1 204 No Content\r\n"));
    CHECK_FALSE(has(text, "Content-Length"));
}

TEST_CASE("a value cannot begin a line of its own") {
    for (const auto& value : std::vector<std::string>{"a\r\nSet-Cookie: b", "a\nb", "a\rb", {"a\0b", 3}}) {
        CHECK_THROWS_AS(response{200}.add("Location", value), std::invalid_argument);
    }
}

TEST_CASE("the answer to HEAD has the length and not the body") {
    const auto text = written(response::json(200, "{\"a\":1}"), {.date = "D", .request_id = "r", .head_only = true});
    CHECK(has(text, "Content-Length: 7\r\n"));
    CHECK(body_of(text).empty());
}

TEST_CASE("the peer is told what becomes of the connection") {
    CHECK(has(written(response{200}, {.keep_alive = false}), "Connection: close\r\n"));
    CHECK_FALSE(has(written(response{200}, {.keep_alive = true}), "Connection:"));
    CHECK(has(written(response{200}, {.keep_alive = true, .minor_version = 0}), "Connection: keep-alive\r\n"));
}

TEST_CASE("a problem has its members, the request's id and the fields that are wrong") {
    const auto text =
        written(response::problem(errc::validation_failed, "Look \"here\"", {{"email", "is no address"}}));
    CHECK(has(text, "HTTP/1.1 422 Unprocessable Content\r\n"));
    CHECK(has(text, "Content-Type: application/problem+json\r\n"));
    const auto body = boost::json::parse(body_of(text)).as_object();
    CHECK(body.at("type") == "urn:stagedoor:problem:validation_failed");
    CHECK(body.at("title") == "Some fields are not as they have to be.");
    CHECK(body.at("status") == 422);
    CHECK(body.at("code") == "validation_failed");
    CHECK(body.at("detail") == "Look \"here\"");
    CHECK(body.at("instance") == "urn:stagedoor:request:r1");
    CHECK(body.at("errors").as_array().at(0).as_object().at("field") == "email");
    CHECK(body.at("errors").as_array().at(0).as_object().at("message") == "is no address");
}

TEST_CASE("every problem of the table can be written") {
    for (const auto& row : problem_table) {
        const auto answer = response::problem(row.error);
        const auto text = written(answer);
        INFO(row.code);
        CHECK(answer.error() == row.error);
        CHECK(has(text, "HTTP/1.1 " + std::to_string(row.status) + " "));
        CHECK_FALSE(has(text, "HTTP/1.1 " + std::to_string(row.status) + " \r\n"));
        const auto body = boost::json::parse(body_of(text)).as_object();
        CHECK(body.at("code").as_string() == row.code);
        CHECK_FALSE(body.contains("detail"));
        CHECK(has(text, "Retry-After: 1\r\n") == (row.status == 503 || row.status == 429));
        const bool of_token = row.code.starts_with("token_");
        CHECK(has(text, "WWW-Authenticate: Session realm=\"stagedoor\", error=\"" + std::string{row.code} + "\"\r\n") ==
              (row.status == 401 && !of_token));
        CHECK(has(text, "WWW-Authenticate: Bearer realm=\"stagedoor\", error=\"invalid_token\"\r\n") == of_token);  // RFC 6750 section 3
    }
}

TEST_CASE("a problem may say when to come again") {
    CHECK(has(written(response::problem(errc::rate_limited, {}, {}, std::chrono::seconds{42})), "Retry-After: 42\r\n"));
}

TEST_CASE("a socket that is handed over gets the head alone") {
    struct nobody final : takeover {
        void take(tcp_socket, std::string) override {}
    };
    auto answer =
        response::hand_over(101, std::make_unique<nobody>()).add("Upgrade", "websocket").add("Connection", "Upgrade");
    CHECK(answer.hands_over());
    CHECK(written(answer) ==
          "HTTP/1.1 101 Switching Protocols\r\nDate: D\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Request-Id: "
          "r1\r\n\r\n");
}

TEST_CASE("a date is written as HTTP has it, and made anew each second") {
    date_cache dates;
    CHECK(dates.at(1'795'467'128) == "Mon, 23 Nov 2026 20:52:08 GMT");
    CHECK(dates.at(1'795'467'129) == "Mon, 23 Nov 2026 20:52:09 GMT");
    CHECK(dates.at(784'111'777) == "Sun, 06 Nov 1994 08:49:37 GMT");
}
