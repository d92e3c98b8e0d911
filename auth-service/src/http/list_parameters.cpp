#include "auth-service/src/http/list_parameters.hpp"

#include <algorithm>
#include <charconv>

#include "common/core/limits.hpp"

namespace stagedoor::api {
namespace {

std::optional<std::size_t> parse_limit(std::string_view text) noexcept {
    std::size_t value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (value < 1 || value > limits::page_max) return std::nullopt;
    return value;
}

}  // namespace

result<list_parameters> list_parameters::of(const http::request& request) {
    auto given = request.query();
    if (!given) return given.error();
    return list_parameters{std::move(*given)};
}

const std::string* list_parameters::find(std::string_view name) {
    known_.push_back(name);
    const std::string* found = nullptr;
    for (const auto& [each, value] : given_.all()) {
        if (each != name) continue;
        if (found) {
            complain(name, "may be there once");
            return nullptr;
        }
        found = &value;
    }
    return found;
}

std::optional<std::string> list_parameters::text(std::string_view name, std::size_t max) {
    const auto trimmed = [](std::string_view text) { return std::optional{std::string{trim(text)}}; };
    auto given = take(name, trimmed, {});
    if (!given || given->empty()) return std::nullopt;
    if (count_chars(*given) <= max) return given;
    complain(name, "may have at most " + std::to_string(max) + " characters");
    return std::nullopt;
}

std::size_t list_parameters::limit() {
    return take("limit", parse_limit, "has to be 1 to " + std::to_string(limits::page_max))
        .value_or(limits::page_default);
}

bool list_parameters::finish() {
    for (const auto& [name, value] : given_.all()) {
        if (std::ranges::find(known_, std::string_view{name}) == known_.end())
            complain(name, "is not a known parameter");
    }
    return errors_.empty();
}

void list_parameters::complain(std::string_view name, std::string_view message) {
    errors_.push_back({std::string{name}, std::string{message}});
}

}  // namespace stagedoor::api
