// What the value of an option may be: its name in the help, what is right, and how text becomes a value. Pure.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/config/listen_address.hpp"
#include "common/config/secret.hpp"
#include "common/core/rate.hpp"

namespace stagedoor::config {

template <class T>
struct kind {
    std::string value_name;  // as in --listen HOST:PORT; empty for what is given by its name alone
    std::string expected;    // completes "expected …"
    std::function<std::optional<T>(std::string_view)> parse;
    std::function<std::string(const T&)> format;  // "" where there is nothing to show
    bool hidden = false;                          // neither values nor defaults are ever printed
};

// Any text without control characters that `right`, if there is one, accepts. An empty text counts as not right.
inline constexpr const char* any_text = "text";
kind<std::string> text(std::string value_name, std::string expected = any_text,
                       std::function<bool(std::string_view)> right = {});

kind<std::filesystem::path> path(std::string value_name = "FILE");

// Give it by environment or config file: command lines can be read by everybody on the machine.
kind<secret> hidden(std::string value_name = "SECRET");

kind<listen_address> address();

// `--x` and `--x=on` are on, `--x=off` is off; elsewhere on or off (also true/false, yes/no, 1/0).
kind<bool> on_off();

// So many per so long: `10/15m`; `off` for no limit. 1 to 1,000,000 per 1 s to 1 d.
kind<rate> per_time();

std::optional<std::int64_t> parse_integer(std::string_view text);

// `500ms`, `10s`, `5m`, `24h`, `14d`: a whole number and its unit.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// In the largest unit that fits, but hours up to a day.
std::string format_duration(std::chrono::milliseconds duration);

// A whole number within min..max, both inclusive, into any integer type: integer{1, 64, "threads"}.
struct integer {
    std::int64_t min;
    std::int64_t max;
    std::string unit{};

    std::string expected() const;

    template <std::integral T>
    requires(!std::same_as<T, bool>) operator kind<T>()
        const {  // NOLINT(google-explicit-constructor): a table of options reads better without it
        return {.value_name = "N",
                .expected = expected(),
                .parse = [lower = min, upper = max](std::string_view text) -> std::optional<T> {
                    const auto value = parse_integer(text);
                    if (!value || *value < lower || *value > upper || !std::in_range<T>(*value)) return std::nullopt;
                    return static_cast<T>(*value);
                },
                .format = [](const T& value) { return std::to_string(value); }};
    }
};

// A time within min..max, both inclusive, into any std::chrono::duration that can hold it exactly: duration{1s, 24h}.
struct duration {
    std::chrono::milliseconds min;
    std::chrono::milliseconds max;

    std::string expected() const;

    template <class Rep, class Period>
    operator kind<std::chrono::duration<Rep, Period>>() const {  // NOLINT(google-explicit-constructor): as above
        using target = std::chrono::duration<Rep, Period>;
        return {.value_name = "TIME",
                .expected = expected(),
                .parse = [lower = min, upper = max](std::string_view text) -> std::optional<target> {
                    const auto value = parse_duration(text);
                    if (!value || *value < lower || *value > upper) return std::nullopt;
                    const auto exact = std::chrono::duration_cast<target>(*value);
                    if (exact != *value) return std::nullopt;
                    return exact;
                },
                .format =
                    [](const target& value) {
                        return format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(value));
                    }};
    }
};

// `512KiB`, `64MiB`, `2GiB`: a whole number and its unit, in bytes.
std::optional<std::size_t> parse_memory(std::string_view text);
// In the largest unit that fits.
std::string format_memory(std::size_t bytes);

// Memory within min..max, both inclusive, or `off`, which is 0: memory_or_off{1 << 20, 1 << 30}.
struct memory_or_off {
    std::size_t min;
    std::size_t max;

    operator kind<std::size_t>() const;  // NOLINT(google-explicit-constructor): as above
};

// One of the given words: one_of<color>({{"red", color::red}, {"blue", color::blue}}).
template <class T>
kind<T> one_of(std::initializer_list<std::pair<std::string_view, T>> words) {
    std::vector<std::pair<std::string, T>> known(words.begin(), words.end());
    std::string names;
    for (const auto& [word, value] : known) names += (names.empty() ? "" : "|") + word;
    return {.value_name = names,
            .expected = "one of " + names,
            .parse = [known](std::string_view text) -> std::optional<T> {
                for (const auto& [word, value] : known) {
                    if (word == text) return value;
                }
                return std::nullopt;
            },
            .format = [known](const T& wanted) -> std::string {
                for (const auto& [word, value] : known) {
                    if (value == wanted) return word;
                }
                return {};
            }};
}

}  // namespace stagedoor::config
