#include "common/http/request.hpp"

#include <algorithm>

#include "common/core/json.hpp"
#include "common/http/field.hpp"

namespace stagedoor::http {
namespace {

bool is_sane_id(std::string_view text) noexcept {
    constexpr std::size_t longest = 64;
    if (text.empty() || text.size() > longest) return false;
    return std::ranges::all_of(text, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-';
    });
}

}  // namespace

std::optional<std::string_view> request::find_header(std::string_view name) const noexcept {
    for (const auto& field : parts_.fields) {
        if (equal_ignoring_case(field.name, name)) return field.value;
    }
    return std::nullopt;
}

std::string_view request::header(std::string_view name) const noexcept { return find_header(name).value_or(""); }

bool request::has_json_type() const noexcept {
    const auto type = header("Content-Type");
    const auto semicolon = type.find(';');
    if (!equal_ignoring_case(trim(type.substr(0, semicolon)), "application/json")) return false;
    if (semicolon == std::string_view::npos) return true;
    const auto parameter = trim(type.substr(semicolon + 1));
    return equal_ignoring_case(parameter, "charset=utf-8") || equal_ignoring_case(parameter, "charset=\"utf-8\"");
}

std::string_view request::parameter(std::string_view name) const noexcept {
    for (const auto& each : parameters_) {
        if (!each.name.empty() && each.name == name) return each.value;
    }
    return {};
}

boost::asio::ip::address request::client_address() const {
    std::string forwarded;
    if (from_trusted_proxy()) {
        for (const auto& field : parts_.fields) {
            if (!equal_ignoring_case(field.name, "X-Forwarded-For")) continue;
            if (!forwarded.empty()) forwarded += ',';
            forwarded += field.value;
        }
    }
    return from_.proxies.client_of(from_.peer, forwarded);
}

std::string_view request::request_id() const {
    if (!own_id_) {
        const auto given = header("X-Request-Id");
        if (is_sane_id(given) && from_trusted_proxy()) return given;
        own_id_.emplace(from_.ids.next());
    }
    return own_id_->text();
}

const trace_context& request::trace() const {
    if (!trace_) {
        trace_ = trace_context::parse(header("traceparent"));
        if (!trace_) trace_ = trace_context::make(from_.ids);
    }
    return *trace_;
}

void request::set_route(const matched_route& match) noexcept {
    route_ = match.pattern;
    parameters_ = match.parameters;
}

}  // namespace stagedoor::http
