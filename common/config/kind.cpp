#include "common/config/kind.hpp"

#include <array>
#include <charconv>

#include "common/core/json.hpp"

namespace stagedoor::config {
namespace {

using std::chrono::milliseconds;

struct unit {
    std::string_view name;
    milliseconds length;
};

constexpr std::array units{
    unit{"ms", std::chrono::milliseconds{1}}, unit{"s", std::chrono::seconds{1}}, unit{"m", std::chrono::minutes{1}},
    unit{"h", std::chrono::hours{1}},         unit{"d", std::chrono::days{1}},
};

struct memory_unit {
    std::string_view name;
    std::size_t bytes;
};

constexpr std::array memory_units{
    memory_unit{"KiB", std::size_t{1} << 10},
    memory_unit{"MiB", std::size_t{1} << 20},
    memory_unit{"GiB", std::size_t{1} << 30},
};

bool is_plain_text(std::string_view text) { return !text.empty() && !has_control_chars(text); }

}  // namespace

kind<std::string> text(std::string value_name, std::string expected, std::function<bool(std::string_view)> right) {
    return {.value_name = std::move(value_name),
            .expected = std::move(expected),
            .parse = [right = std::move(right)](std::string_view given) -> std::optional<std::string> {
                if (!is_plain_text(given) || (right && !right(given))) return std::nullopt;
                return std::string{given};
            },
            .format = [](const std::string& value) { return value; }};
}

kind<std::filesystem::path> path(std::string value_name) {
    return {.value_name = std::move(value_name),
            .expected = "the path of a file",
            .parse = [](std::string_view given) -> std::optional<std::filesystem::path> {
                if (!is_plain_text(given)) return std::nullopt;
                return std::filesystem::path{given};
            },
            .format = [](const std::filesystem::path& value) { return value.string(); }};
}

kind<secret> hidden(std::string value_name) {
    return {.value_name = std::move(value_name),
            .expected = "a text without control characters",
            .parse = [](std::string_view given) -> std::optional<secret> {
                if (!is_plain_text(given)) return std::nullopt;
                return secret{given};
            },
            .format = [](const secret&) { return std::string{}; },
            .hidden = true};
}

kind<listen_address> address() {
    return {.value_name = "HOST:PORT",
            .expected = "an IP address and a port, like 127.0.0.1:8080 or [::1]:8080",
            .parse = parse_listen_address,
            .format = [](const listen_address& value) { return to_string(value); }};
}

kind<bool> on_off() {
    return {.value_name = {},
            .expected = "on or off",
            .parse = [](std::string_view given) -> std::optional<bool> {
                if (given == "on" || given == "true" || given == "yes" || given == "1") return true;
                if (given == "off" || given == "false" || given == "no" || given == "0") return false;
                return std::nullopt;
            },
            .format = [](const bool& value) { return std::string{value ? "on" : "off"}; }};
}

kind<rate> per_time() {
    static constexpr std::int64_t most = 1'000'000;
    static constexpr milliseconds shortest = std::chrono::seconds{1};
    static constexpr milliseconds longest = std::chrono::days{1};
    return {.value_name = "N/TIME",
            .expected = "so many per so long, like 10/15m, up to 1000000 and from 1s to 1d; or off",
            .parse = [](std::string_view given) -> std::optional<rate> {
                if (given == "off") return rate{};
                const auto slash = given.find('/');
                if (slash == std::string_view::npos) return std::nullopt;
                const auto count = parse_integer(given.substr(0, slash));
                const auto period = parse_duration(given.substr(slash + 1));
                if (!count || *count < 1 || *count > most) return std::nullopt;
                if (!period || *period < shortest || *period > longest) return std::nullopt;
                return rate{static_cast<std::uint32_t>(*count), *period};
            },
            .format = [](const rate& value) {
                return value.limits() ? std::to_string(value.count) + "/" + format_duration(value.period)
                                      : std::string{"off"};
            }};
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<milliseconds> parse_duration(std::string_view text) {
    const auto digits = text.substr(0, text.find_first_not_of("0123456789"));
    const auto count = parse_integer(digits);
    if (!count) return std::nullopt;
    for (const auto& [name, length] : units) {
        if (text.substr(digits.size()) != name) continue;
        if (*count > milliseconds::max() / length) return std::nullopt;
        return *count * length;
    }
    return std::nullopt;
}

std::string format_duration(milliseconds duration) {
    if (duration == milliseconds{0}) return "0s";
    auto best = units.front();
    for (const auto& candidate : units) {
        const bool one_day = candidate.name == "d" && duration == candidate.length;
        if (duration % candidate.length == milliseconds{0} && !one_day) best = candidate;
    }
    return std::to_string(duration / best.length).append(best.name);
}

std::optional<std::size_t> parse_memory(std::string_view text) {
    const auto digits = text.substr(0, text.find_first_not_of("0123456789"));
    const auto count = parse_integer(digits);
    if (!count) return std::nullopt;
    for (const auto& [name, bytes] : memory_units) {
        if (text.substr(digits.size()) != name) continue;
        const auto number = static_cast<std::size_t>(*count);
        if (number > std::numeric_limits<std::size_t>::max() / bytes) return std::nullopt;
        return number * bytes;
    }
    return std::nullopt;
}

std::string format_memory(std::size_t bytes) {
    auto best = memory_units.front();
    for (const auto& candidate : memory_units) {
        if (bytes % candidate.bytes == 0) best = candidate;
    }
    return std::to_string(bytes / best.bytes).append(best.name);
}

memory_or_off::operator kind<std::size_t>() const {
    return {.value_name = "SIZE|off",
            .expected = "off, or a size from " + format_memory(min) + " to " + format_memory(max) + ", in KiB, MiB or GiB",
            .parse = [lower = min, upper = max](std::string_view given) -> std::optional<std::size_t> {
                if (given == "off") return 0;
                const auto bytes = parse_memory(given);
                if (!bytes || *bytes < lower || *bytes > upper) return std::nullopt;
                return bytes;
            },
            .format = [](const std::size_t& bytes) { return bytes == 0 ? std::string{"off"} : format_memory(bytes); }};
}

std::string integer::expected() const {
    auto range = "a whole number from " + std::to_string(min) + " to " + std::to_string(max);
    return unit.empty() ? range : range + " (" + unit + ')';
}

std::string duration::expected() const {
    return "a time from " + format_duration(min) + " to " + format_duration(max) + ", in ms, s, m, h or d";
}

}  // namespace stagedoor::config
