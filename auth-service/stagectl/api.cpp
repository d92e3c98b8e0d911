#include "auth-service/stagectl/api.hpp"

#include <boost/json.hpp>
#include <cctype>

#include "auth-service/stagectl/terminal.hpp"

namespace stagedoor::ctl {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// An answer is held whole: a page of 10,000 outcomes has about 2 MiB.
constexpr std::size_t answer_bytes = 32 * 1024 * 1024;

std::size_t on_body(char* data, std::size_t, std::size_t size, void* into) {
    auto& received = *static_cast<std::string*>(into);
    if (received.size() + size > answer_bytes) return 0;
    received.append(data, size);
    return size;
}

int on_progress(void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t) { return interrupted() ? 1 : 0; }

}  // namespace

api::api(server_settings at, credential who) : at_{std::move(at)}, who_{std::move(who)} {}

api::~api() = default;

answer api::get(std::string_view path) { return checked(call("GET", absolute(path), nullptr)); }
answer api::remove(std::string_view path) { return checked(call("DELETE", absolute(path), nullptr)); }
answer api::post(std::string_view path, const json::value& body) { return checked(call("POST", absolute(path), &body)); }

answer api::call(std::string_view method, const std::string& url, const json::value* body, const std::string& key, form kind) {
    const bool is_json = kind == form::json;
    received_.clear();
    exchange_.prepare(at_, who_, method, url, is_json ? "application/json" : "*/*");
    if (body) exchange_.add_body(json::serialize(*body));
    if (!key.empty()) exchange_.add_field("Idempotency-Key: \"" + key + '"');
    auto* const curl = exchange_.handle();
    ::curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(at_.timeout.count()));
    ::curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &on_body);
    ::curl_easy_setopt(curl, CURLOPT_WRITEDATA, &received_);
    const bool reads = method == "GET";
    ::curl_easy_setopt(curl, CURLOPT_NOPROGRESS, reads ? 0L : 1L);
    ::curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &on_progress);

    const auto began = steady_clock::now();
    const auto outcome = ::curl_easy_perform(curl);
    exchange_.note_outcome();
    auto& heard = exchange_.heard;
    heard.took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - began);
    answered_ = answered_ || heard.status != 0;
    if (outcome == CURLE_ABORTED_BY_CALLBACK) throw failure{exit_code::interrupted, "interrupted"};
    if (outcome != CURLE_OK) {
        long sent = 0;  // bytes
        ::curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &sent);
        const auto why = no_answer(url, outcome, heard.status);
        throw sent > 0 ? why.in_doubt() : why;
    }
    if (!is_json) heard.text = received_;
    if (is_json && !received_.empty()) {
        json::error_code wrong;
        heard.body = json::parse(received_, wrong);
        // Whose page it is nobody knows; what its status says may still be true: a gateway's 502, for one.
        if (wrong && heard.status < 400) {
            throw failure{exit_code::not_understood, at_.server + " does not answer with JSON: is it a Stagedoor?"};
        }
    }
    return std::move(heard);
}

failure api::no_answer(const std::string& url, int outcome, long status) const {
    const auto where = url.substr(0, url.find('/', std::string_view{"https://"}.size()));
    const std::string said = ::curl_easy_strerror(static_cast<CURLcode>(outcome));
    if (status != 0) return {exit_code::unavailable, where + " broke off its answer: " + said};
    if (outcome == CURLE_OPERATION_TIMEDOUT) {
        const bool whole = at_.timeout.count() % 1000 == 0;
        const auto time = whole ? std::to_string(at_.timeout.count() / 1000) + " s" : std::to_string(at_.timeout.count()) + " ms";
        return {exit_code::unavailable, where + " does not answer within " + time};
    }
    if (outcome == CURLE_UNSUPPORTED_PROTOCOL || outcome == CURLE_WEIRD_SERVER_REPLY) {
        return {exit_code::not_understood, where + " does not answer as a web server does"};
    }
    return {exit_code::unreachable, where + " cannot be reached: " + said};
}

std::string api::absolute(std::string_view path) const { return at_.server + std::string{path}; }

// What to do about it, behind what is wrong.
std::string api::advice_for(const answer& given) const {
    const auto code = given.problem_code();
    if (given.status == 401 && code.empty()) return ": something in front of the server wants a password";
    if (given.status == 401 && !who_.token.empty()) return ": make a new token";
    if (given.status == 401 && !who_.cookie.empty()) return ": run `stagectl login` again";
    if (code == "cross_origin") return ": is --server the address that browsers use?";
    return {};
}

answer api::checked(answer given) const {
    if (given.status >= 200 && given.status < 300) return given;
    const auto code = exit_code_of(given);
    auto line = given.problem_code().empty() ? at_.server + " answered " + std::to_string(given.status) : detail_of(given);
    if (given.status >= 300 && given.status < 400) {
        line = at_.server + " sends us on to " + given.location + ": if that is the server, give it as --server";
    } else if (code == exit_code::not_understood) {
        line = at_.server + " answered " + std::to_string(given.status) + ", which this version does not understand";
    } else {
        line += advice_for(given);
    }
    if (code == exit_code::unavailable && given.retry_after) {
        line += "; try again in " + std::to_string(given.retry_after->count()) + " s";
    }
    const failure why{code, line, given.retry_after};
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
