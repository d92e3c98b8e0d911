#include "auth-service/stagectl/api.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>

#include "auth-service/stagectl/terminal.hpp"
#include "common/core/json.hpp"

namespace stagedoor::ctl {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// An answer is held whole: a page of 10,000 outcomes has about 2 MiB.
constexpr std::size_t answer_bytes = 32 * 1024 * 1024;

bool same_name(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return std::tolower(x) == std::tolower(y); });
}

// Of a problem.
std::string detail_of(const answer& given) {
    const auto& problem = given.object();
    auto detail = optional_text_of(problem, "detail");
    if (detail.empty()) detail = optional_text_of(problem, "title");
    if (const auto* const errors = problem.if_contains("errors"); errors && errors->is_array()) {
        for (const auto& wrong : errors->as_array()) {
            if (wrong.is_object()) {
                detail += ' ' + optional_text_of(wrong.as_object(), "field") + ' ' + optional_text_of(wrong.as_object(), "message") + '.';
            }
        }
    }
    return detail + " (" + given.problem_code() + ')';
}

// What a status means may depend on whose it is: a gateway's comes without a code.
exit_code exit_code_of(const answer& given) {
    const bool ours = !given.problem_code().empty();
    switch (given.status) {
        case 401: return exit_code::not_signed_in;
        case 403: return exit_code::forbidden;
        case 404: return ours ? exit_code::not_found : exit_code::not_understood;
        case 409: return ours ? exit_code::conflict : exit_code::not_understood;
        case 429:
        case 500:
        case 502:
        case 503:
        case 504: return exit_code::unavailable;
        case 400:
        case 413:
        case 415:
        case 422: return ours ? exit_code::usage : exit_code::not_understood;
        default: return exit_code::not_understood;
    }
}

}  // namespace

struct api::transfer {
    CURL* handle = ::curl_easy_init();
    std::string received;
    answer heard;
    std::function<bool(std::string_view)> take;  // of a stream: line by line
    bool stopped = false;

    ~transfer() { ::curl_easy_cleanup(handle); }

    static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self) {
        auto& here = *static_cast<transfer*>(self);
        if (here.received.size() + size > answer_bytes) return 0;
        here.received.append(data, size);
        if (!here.take) return size;
        for (std::size_t end; (end = here.received.find('\n')) != std::string::npos; here.received.erase(0, end + 1)) {
            std::string_view line{here.received.data(), end};
            if (line.ends_with('\r')) line.remove_suffix(1);
            if (!here.take(line)) {
                here.stopped = true;
                return 0;
            }
        }
        return size;
    }

    static std::size_t on_field(char* data, std::size_t, std::size_t size, void* self) {
        auto& here = *static_cast<transfer*>(self);
        const std::string_view line{data, size};
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) return size;
        const auto name = line.substr(0, colon), value = trim(line.substr(colon + 1));
        if (same_name(name, "set-cookie")) here.heard.cookies.emplace_back(trim(value.substr(0, value.find(';'))));
        if (same_name(name, "content-type")) here.heard.is_event_stream = value.starts_with("text/event-stream");
        if (same_name(name, "location")) here.heard.location = value;
        if (same_name(name, "idempotency-replayed")) here.heard.replayed = value == "true";
        return size;
    }

    static int on_progress(void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t) { return interrupted() ? 1 : 0; }
};

const json::object& answer::object() const {
    const auto* const whole = body.if_object();
    if (!whole) throw failure{exit_code::not_understood, "the server's answer is not one that this version understands"};
    return *whole;
}

std::string answer::problem_code() const {
    const auto* const problem = body.if_object();
    return problem ? optional_text_of(*problem, "code") : std::string{};
}

const json::value& member_of(const json::object& from, std::string_view name) {
    const auto* const value = from.if_contains(name);
    if (value) return *value;
    throw failure{exit_code::not_understood,
                  "the server's answer lacks `" + std::string{name} + "`: is it of another version? `stagectl doctor` compares"};
}

std::string text_of(const json::object& from, std::string_view name) {
    const auto* const text = member_of(from, name).if_string();
    if (text) return std::string{*text};
    throw failure{exit_code::not_understood, "`" + std::string{name} + "` in the server's answer is no text"};
}

std::int64_t number_of(const json::object& from, std::string_view name) {
    const auto* const number = member_of(from, name).if_int64();
    if (number) return *number;
    throw failure{exit_code::not_understood, "`" + std::string{name} + "` in the server's answer is no number"};
}

std::string optional_text_of(const json::object& from, std::string_view name) {
    const auto* const value = from.if_contains(name);
    const auto* const text = value ? value->if_string() : nullptr;
    return text ? std::string{*text} : std::string{};
}

api::api(settings at, credential who) : at_{std::move(at)}, who_{std::move(who)}, transfer_{std::make_unique<transfer>()} {
    if (!transfer_->handle) throw failure{exit_code::usage, "libcurl does not work on this machine"};
}

api::~api() = default;

answer api::get(std::string_view path) { return checked(call("GET", absolute(path), nullptr)); }
answer api::remove(std::string_view path) { return checked(call("DELETE", absolute(path), nullptr)); }
answer api::post(std::string_view path, const json::value& body) { return checked(call("POST", absolute(path), &body)); }

void api::stream(const std::string& url, const std::function<bool(std::string_view)>& take) {
    transfer_->take = take;
    const auto given = call("GET", url.starts_with('/') ? absolute(url) : url, nullptr, {}, form::stream);
    transfer_->take = nullptr;
    if (given.status == 200 && !given.is_event_stream) {
        throw failure{exit_code::not_understood, url + " is no event stream: is it notify-service's /events?"};
    }
    if (given.status == 200) return;
    json::error_code ignored;
    auto refused = given;
    refused.body = json::parse(transfer_->received, ignored);
    static_cast<void>(checked(std::move(refused)));
}

answer api::call(std::string_view method, const std::string& url, const json::value* body, const std::string& key, form kind) {
    const bool is_json = kind == form::json, is_stream = kind == form::stream;
    auto& with = *transfer_;
    auto* const curl = with.handle;
    with.received.clear();
    with.heard = {};
    with.stopped = false;
    ::curl_easy_reset(curl);
    const std::string verb{method};
    const auto text = body ? json::serialize(*body) : std::string{};

    curl_slist* fields = nullptr;
    const auto field = [&](const std::string& line) { fields = ::curl_slist_append(fields, line.c_str()); };
    field(is_json ? "Accept: application/json" : is_stream ? "Accept: text/event-stream" : "Accept: */*");
    if (body) field("Content-Type: application/json");
    if (!key.empty()) field("Idempotency-Key: \"" + key + '"');
    field("Expect:");
    if (!who_.token.empty()) {
        field("Authorization: Bearer " + who_.token);
    } else {
        field("Origin: " + at_.server);
        if (!who_.cookie.empty()) field("Cookie: " + who_.cookie);
    }

    ::curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    ::curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, verb.c_str());
    if (body) {
        ::curl_easy_setopt(curl, CURLOPT_POSTFIELDS, text.c_str());
        ::curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(text.size()));
    }
    ::curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
    ::curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    ::curl_easy_setopt(curl, CURLOPT_USERAGENT, "stagectl/" STAGEDOOR_VERSION);
    ::curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    ::curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(at_.timeout, milliseconds{5000}).count()));
    if (!is_stream) ::curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(at_.timeout.count()));
    if (!at_.ca_file.empty()) ::curl_easy_setopt(curl, CURLOPT_CAINFO, at_.ca_file.c_str());
    ::curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &transfer::on_body);
    ::curl_easy_setopt(curl, CURLOPT_WRITEDATA, &with);
    ::curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &transfer::on_field);
    ::curl_easy_setopt(curl, CURLOPT_HEADERDATA, &with);
    const bool reads = method == "GET";
    ::curl_easy_setopt(curl, CURLOPT_NOPROGRESS, reads ? 0L : 1L);
    ::curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &transfer::on_progress);

    const auto began = steady_clock::now();
    const auto outcome = ::curl_easy_perform(curl);
    ::curl_slist_free_all(fields);
    with.heard.took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - began);
    ::curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &with.heard.status);

    answered_ = answered_ || with.heard.status != 0;
    if (is_stream && (with.stopped || outcome == CURLE_ABORTED_BY_CALLBACK)) return std::move(with.heard);
    if (outcome == CURLE_ABORTED_BY_CALLBACK) throw failure{exit_code::interrupted, "interrupted"};
    if (outcome != CURLE_OK) {
        long sent = 0;  // bytes
        ::curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &sent);
        const auto why = no_answer(url, outcome, with.heard.status);
        throw sent > 0 ? why.in_doubt() : why;
    }
    if (kind == form::text) with.heard.text = with.received;
    if (is_json && !with.received.empty()) {
        json::error_code wrong;
        with.heard.body = json::parse(with.received, wrong);
        // Whose page it is nobody knows; what its status says may still be true: a gateway's 502, for one.
        if (wrong && with.heard.status < 400) {
            throw failure{exit_code::not_understood, at_.server + " does not answer with JSON: is it a Stagedoor?"};
        }
    }
    return std::move(with.heard);
}

failure api::no_answer(const std::string& url, int outcome, long status) const {
    const auto where = url.substr(0, url.find('/', std::string_view{"https://"}.size()));
    const std::string said = ::curl_easy_strerror(static_cast<CURLcode>(outcome));
    if (status != 0) return {exit_code::unavailable, where + " broke off its answer: " + said};
    if (outcome == CURLE_OPERATION_TIMEDOUT) {
        return {exit_code::unavailable, where + " does not answer within " + std::to_string(at_.timeout.count()) + " ms"};
    }
    if (outcome == CURLE_UNSUPPORTED_PROTOCOL || outcome == CURLE_WEIRD_SERVER_REPLY) {
        return {exit_code::not_understood, where + " does not answer as a web server does"};
    }
    return {exit_code::unreachable, where + " cannot be reached: " + said};
}

std::string api::absolute(std::string_view path) const { return at_.server + std::string{path}; }

answer api::checked(answer given) const {
    if (given.status >= 200 && given.status < 300) return given;
    const auto code = exit_code_of(given);
    auto line = given.problem_code().empty() ? at_.server + " answered " + std::to_string(given.status) : detail_of(given);
    if (code == exit_code::not_signed_in) {
        line += who_.none() ? ": run `stagectl login`" : who_.token.empty() ? ": run `stagectl login` again" : ": make a new token";
    } else if (given.status >= 300 && given.status < 400) {
        line = at_.server + " sends us on to " + given.location + ": if that is the server, give it as --server";
    } else if (code == exit_code::not_understood) {
        line = at_.server + " answered " + std::to_string(given.status) + ", which this version does not understand";
    }
    const failure why{code, line};
    // A gateway that has lost the server on the way, and a server that has failed on its own, may have done it.
    const bool in_doubt = given.status == 500 || given.status == 502 || given.status == 504;
    throw in_doubt ? why.in_doubt() : why;
}

std::string percent_encoded(std::string_view text) {
    static constexpr std::string_view hex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~') {
            out += c;
        } else {
            out += '%';
            out += hex[byte >> 4];
            out += hex[byte & 15];
        }
    }
    return out;
}

}  // namespace stagedoor::ctl
