#include "common/http/response_writer.hpp"

#include <array>
#include <charconv>

#include "common/core/json.hpp"

namespace stagedoor::http {
namespace {

std::string_view reason_phrase(unsigned status) noexcept {
    switch (status) {
        case 101: return "Switching Protocols";
        case 200: return "OK";
        case 201: return "Created";
        case 202: return "Accepted";
        case 204: return "No Content";
        case 303: return "See Other";
        case 304: return "Not Modified";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 413: return "Content Too Large";
        case 414: return "URI Too Long";
        case 415: return "Unsupported Media Type";
        case 422: return "Unprocessable Content";
        case 426: return "Upgrade Required";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 503: return "Service Unavailable";
        default: return "";  // may be empty (RFC 9112 section 4)
    }
}

void append_number(std::string& out, std::size_t number) {
    std::array<char, 20> digits;
    const auto [end, ec] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    out.append(digits.data(), end);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

void append_body_fields(std::string& out, const response& answer, std::size_t body_size) {
    // 1xx, 204 and 304 have no body, and so no length (RFC 9110 section 8.6).
    if (answer.status() < 200 || answer.status() == 204 || answer.status() == 304 || answer.hands_over()) return;
    if (!answer.type().empty()) append_field(out, "Content-Type", answer.type());
    out.append("Content-Length: ");
    append_number(out, body_size);
    out.append("\r\n");
}

void append_default_fields(std::string& out, const response& answer) {
    const auto replaced = answer.replaced();
    if (replaced == 0) {
        out.append(
            "Cache-Control: no-store\r\n"
            "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
            "Cross-Origin-Resource-Policy: same-origin\r\n");
    } else {
        if ((replaced & response::cache_control) == 0) append_field(out, "Cache-Control", "no-store");
        if ((replaced & response::content_security_policy) == 0) {
            append_field(out, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
        }
        if ((replaced & response::resource_policy) == 0)
            append_field(out, "Cross-Origin-Resource-Policy", "same-origin");
    }
    out.append("X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n");
}

void append_head(std::string& out, const response& answer, const write_options& options, std::size_t body_size) {
    out.append("HTTP/1.1 ");
    append_number(out, answer.status());
    out.push_back(' ');
    out.append(reason_phrase(answer.status())).append("\r\n");
    append_field(out, "Date", options.date);
    append_body_fields(out, answer, body_size);
    for (const auto& [name, value] : answer.fields()) append_field(out, name, value);
    if (answer.status() >= 200) append_default_fields(out, answer);
    append_field(out, "X-Request-Id", options.request_id);
    out.append(options.extra_head);
    if (answer.status() >= 200) {
        if (!options.keep_alive) {
            out.append("Connection: close\r\n");
        } else if (options.minor_version == 0) {
            out.append("Connection: keep-alive\r\n");
        }
    }
    out.append("\r\n");
}

}  // namespace

std::string_view date_cache::at(std::time_t now) {
    if (now == second_) return text_;
    second_ = now;
    static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm utc{};
    gmtime_r(&now, &utc);
    const auto two = [this](int number) {
        text_.push_back(static_cast<char>('0' + number / 10));
        text_.push_back(static_cast<char>('0' + number % 10));
    };
    text_.clear();
    text_.append(days[static_cast<std::size_t>(utc.tm_wday)]).append(", ");
    two(utc.tm_mday);
    text_.append(" ").append(months[static_cast<std::size_t>(utc.tm_mon)]).append(" ");
    append_number(text_, static_cast<std::size_t>(utc.tm_year + 1900));
    text_.push_back(' ');
    two(utc.tm_hour);
    text_.push_back(':');
    two(utc.tm_min);
    text_.push_back(':');
    two(utc.tm_sec);
    text_.append(" GMT");
    return text_;
}

void append_response(std::string& out, const response& answer, const write_options& options) {
    if (const auto* what = answer.as_problem()) {
        const auto body = problem_body(*what, options.request_id);
        append_head(out, answer, options, body.size());
        if (!options.head_only) out.append(body);
        return;
    }
    const auto body = answer.body();
    append_head(out, answer, options, body.size());
    if (!options.head_only) out.append(body);
}

std::string problem_body(const problem& what, std::string_view request_id) {
    const auto& row = problem_of(what.error);
    std::string body = "{\"type\":\"urn:stagedoor:problem:";
    body.append(row.code).append("\",\"title\":");
    append_json_string(body, row.title);
    body.append(",\"status\":");
    append_number(body, row.status);
    body.append(",\"code\":\"").append(row.code).append("\"");
    if (!what.detail.empty()) {
        body.append(",\"detail\":");
        append_json_string(body, what.detail);
    }
    body.append(",\"instance\":\"urn:stagedoor:request:").append(request_id).append("\"");
    if (!what.errors.empty()) {
        body.append(",\"errors\":[");
        for (const auto& each : what.errors) {
            if (body.back() != '[') body.push_back(',');
            body.append("{\"field\":");
            append_json_string(body, each.field);
            body.append(",\"message\":");
            append_json_string(body, each.message);
            body.push_back('}');
        }
        body.push_back(']');
    }
    if (!what.members.empty()) body.append(",").append(what.members);
    body.push_back('}');
    return body;
}

}  // namespace stagedoor::http
