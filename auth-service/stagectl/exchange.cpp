#include "auth-service/stagectl/exchange.hpp"

#include <algorithm>
#include <cctype>

#include "common/core/json.hpp"

namespace stagedoor::ctl {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds connect_timeout_max{5000};

bool same_name(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

exchange::exchange() : handle_{::curl_easy_init()} {
    if (!handle_) throw failure{exit_code::usage, "libcurl does not work on this machine"};
}

exchange::~exchange() {
    ::curl_easy_cleanup(handle_);
    ::curl_slist_free_all(fields_);
}

void exchange::prepare(const server_settings& at, const credential& who, std::string_view method, const std::string& url,
                       std::string_view accept) {
    heard = {};
    ::curl_easy_reset(handle_);
    ::curl_slist_free_all(fields_);
    fields_ = nullptr;
    add_field("Accept: " + std::string{accept});
    add_field("Expect:");
    if (!who.token.empty()) {
        add_field("Authorization: Bearer " + who.token);
    } else {
        add_field("Origin: " + at.server);
        if (!who.cookie.empty()) add_field("Cookie: " + who.cookie);
    }
    ::curl_easy_setopt(handle_, CURLOPT_URL, url.c_str());
    ::curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, std::string{method}.c_str());
    ::curl_easy_setopt(handle_, CURLOPT_PROTOCOLS_STR, "http,https");
    ::curl_easy_setopt(handle_, CURLOPT_USERAGENT, "stagectl/" STAGEDOOR_VERSION);
    ::curl_easy_setopt(handle_, CURLOPT_NOSIGNAL, 1L);
    ::curl_easy_setopt(handle_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(at.timeout, connect_timeout_max).count()));
    if (!at.ca_file.empty()) ::curl_easy_setopt(handle_, CURLOPT_CAINFO, at.ca_file.c_str());
    ::curl_easy_setopt(handle_, CURLOPT_HEADERFUNCTION, &exchange::on_field);
    ::curl_easy_setopt(handle_, CURLOPT_HEADERDATA, this);
}

void exchange::add_field(const std::string& line) {
    fields_ = ::curl_slist_append(fields_, line.c_str());
    ::curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, fields_);
}

void exchange::add_body(std::string text) {
    body_ = std::move(text);
    add_field("Content-Type: application/json");
    ::curl_easy_setopt(handle_, CURLOPT_POSTFIELDS, body_.c_str());
    ::curl_easy_setopt(handle_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
}

void exchange::note_outcome() {
    ::curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &heard.status);
    curl_off_t seconds = 0;
    ::curl_easy_getinfo(handle_, CURLINFO_RETRY_AFTER, &seconds);
    if (seconds > 0) heard.retry_after = std::chrono::seconds{seconds};
}

std::size_t exchange::on_field(char* data, std::size_t, std::size_t size, void* self) {
    auto& heard = static_cast<exchange*>(self)->heard;
    const std::string_view line{data, size};
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return size;
    const auto name = line.substr(0, colon), value = trim(line.substr(colon + 1));
    if (same_name(name, "set-cookie")) heard.cookies.emplace_back(trim(value.substr(0, value.find(';'))));
    if (same_name(name, "content-type")) heard.is_event_stream = value.starts_with("text/event-stream");
    if (same_name(name, "location")) heard.location = value;
    if (same_name(name, "idempotency-replayed")) heard.replayed = value == "true";
    return size;
}

}  // namespace stagedoor::ctl
