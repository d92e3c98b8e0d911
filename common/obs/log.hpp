// Logging: one line per record to stderr, as text or JSON, written by a thread of its own, so that a reader of stderr
// who has stopped reading holds up nobody. Any thread may log.
//
//     log::info("session_created", {{"user", user_id}, {"generation", 1}});
//
// An event is a fixed snake_case word; whatever varies is a field. Never log a token, cookie, password or e-mail, and
// no user's own text (a name, a reason) above debug: the session's id and the user's id are there to find people by.
// Every character that could end a line, or hide or reorder text in a terminal, is escaped in both formats.
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace stagedoor::obs::log {

enum class format : std::uint8_t { text, json };
enum class level : std::uint8_t { debug, info, warn, error, off };

// A text longer than this is cut and ends in an ellipsis: a record is for reading, not for storing bodies.
inline constexpr std::size_t value_bytes = 1024;

class field {
public:
    // Texts are not copied: they live until the call returns.
    template <std::convertible_to<std::string_view> Text>
    field(std::string_view key, const Text& text) : key_{key}, value_{std::string_view{text}} {}
    template <std::same_as<bool> Bool>
    field(std::string_view key, Bool truth) : key_{key}, value_{truth} {}
    template <std::signed_integral Int>
    field(std::string_view key, Int number) : key_{key}, value_{std::int64_t{number}} {}
    template <std::unsigned_integral Int>
    requires(!std::same_as<Int, bool>) field(std::string_view key, Int number)
        : key_{key}, value_{std::uint64_t{number}} {}

    std::string_view key() const noexcept { return key_; }
    const auto& value() const noexcept { return value_; }

private:
    std::string_view key_;
    std::variant<std::string_view, bool, std::int64_t, std::uint64_t> value_;
};

namespace impl {
inline std::atomic<level> threshold{level::info};
class line_sink;
void write(level at, std::string_view event, std::span<const field> fields);
}  // namespace impl

// One relaxed load. Ask it before work that only the log needs.
inline bool enabled(level at) noexcept { return at >= impl::threshold.load(std::memory_order_relaxed); }

inline void write(level at, std::string_view event, std::span<const field> fields) {
    if (enabled(at)) impl::write(at, event, fields);
}
inline void debug(std::string_view event, std::initializer_list<field> fields = {}) {
    write(level::debug, event, {fields.begin(), fields.size()});
}
inline void info(std::string_view event, std::initializer_list<field> fields = {}) {
    write(level::info, event, {fields.begin(), fields.size()});
}
inline void warn(std::string_view event, std::initializer_list<field> fields = {}) {
    write(level::warn, event, {fields.begin(), fields.size()});
}
inline void error(std::string_view event, std::initializer_list<field> fields = {}) {
    write(level::error, event, {fields.begin(), fields.size()});
}

struct settings {
    log::format format = log::format::text;
    log::level level = log::level::info;
    int fd = 2;
};

// Takes over all logging, that of rooms which call spdlog by itself included, for as long as it lives. main holds the
// only one, in its outermost scope: every thread that logs has been joined when it goes. Its destructor waits for the
// lines that are left, but not for ever.
class output {
public:
    explicit output(settings wanted);
    ~output();
    output(const output&) = delete;
    output& operator=(const output&) = delete;

    // Lines that were dropped because stderr took none; a record says so as soon as it does again.
    std::uint64_t dropped() const noexcept;

private:
    std::shared_ptr<impl::line_sink> sink_;
};

}  // namespace stagedoor::obs::log
