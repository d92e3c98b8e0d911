#include "common/redis/value.hpp"

#include <algorithm>
#include <array>

namespace stagedoor::redis {
namespace {

constexpr std::array<std::string_view, 9> away_codes{"LOADING",  "BUSY",    "MASTERDOWN", "READONLY", "CLUSTERDOWN",
                                                     "TRYAGAIN", "MISCONF", "NOREPLICAS", "OOM"};

}  // namespace

errc classify(std::string_view error_text) noexcept {
    const auto code = error_text.substr(0, error_text.find(' '));
    const bool away = std::ranges::find(away_codes, code) != away_codes.end();
    return away ? errc::redis_unavailable : errc::redis_protocol;
}

std::string_view value::error_text() const noexcept {
    const auto* const failure = std::get_if<error>(&what_);
    return failure ? std::string_view{failure->text} : std::string_view{};
}

result<std::int64_t> value::to_integer() const {
    if (const auto* const number = std::get_if<std::int64_t>(&what_)) return *number;
    return classify(error_text());
}

result<std::string_view> value::to_text() const {
    if (const auto* const text = if_text()) return std::string_view{*text};
    return classify(error_text());
}

result<std::optional<std::string_view>> value::to_optional_text() const {
    if (is_nil()) return std::optional<std::string_view>{};
    if (const auto* const text = if_text()) return std::optional<std::string_view>{*text};
    return classify(error_text());
}

result<std::span<const value>> value::to_array() const {
    if (const auto* const items = if_array()) return std::span<const value>{*items};
    return classify(error_text());
}

}  // namespace stagedoor::redis
