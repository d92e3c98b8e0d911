#include "auth-service/stagectl/written_time.hpp"

#include <array>
#include <string>
#include <utility>

#include "common/core/parsing.hpp"

namespace stagedoor::ctl {
namespace {

using namespace std::chrono_literals;

constexpr std::array units{std::pair{'s', 1s}, std::pair{'m', std::chrono::seconds{1min}}, std::pair{'h', std::chrono::seconds{1h}},
                           std::pair{'d', std::chrono::seconds{std::chrono::days{1}}}};
constexpr std::int64_t longest = 1'000'000;  // of any unit: 2,700 years in days

std::optional<instant> parse_ago(std::string_view text, instant now) {
    if (text.empty()) return std::nullopt;
    const auto count = parse_integer(text.substr(0, text.size() - 1), 0);
    if (!count || *count > longest) return std::nullopt;
    for (const auto& [letter, unit] : units) {
        if (letter == text.back()) return now - *count * unit;
    }
    return std::nullopt;
}

}  // namespace

std::optional<instant> parse_written_time(std::string_view text, instant now) {
    constexpr std::string_view day = "2026-11-25", minute = "2026-11-25 19:00", second = "2026-11-25 19:00:00";
    if (const auto exact = parse_rfc3339(text)) return exact;
    if (const auto ago = parse_ago(text, now)) return ago;
    auto whole = std::string{text.ends_with('Z') ? text.substr(0, text.size() - 1) : text};
    if (whole.size() == day.size()) whole += " 00:00:00";
    if (whole.size() == minute.size()) whole += ":00";
    if (whole.size() != second.size() || whole[day.size()] != ' ') return std::nullopt;
    whole[day.size()] = 'T';
    return parse_rfc3339(whole + 'Z');
}

}  // namespace stagedoor::ctl
