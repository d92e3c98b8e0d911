// A reply of Redis as a value.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/core/errc.hpp"

namespace stagedoor::redis {

class value {
public:
    struct error {
        std::string text;  // its first word is the code: NOSCRIPT, NOPERM, ERR …
        friend bool operator==(const error&, const error&) = default;
    };
    using array = std::vector<value>;

    value() = default;  // nil
    explicit value(std::int64_t number) : what_{number} {}
    explicit value(std::string text) : what_{std::move(text)} {}  // status lines and bulk strings alike
    explicit value(error failure) : what_{std::move(failure)} {}
    explicit value(array items) : what_{std::move(items)} {}

    bool is_nil() const noexcept { return std::holds_alternative<std::monostate>(what_); }
    bool is_error() const noexcept { return std::holds_alternative<error>(what_); }

    // The text of an error; empty for anything else.
    std::string_view error_text() const noexcept;

    // What a caller expects. An error gives classify() of its text, any other kind errc::redis_protocol.
    result<std::int64_t> to_integer() const;
    result<std::string_view> to_text() const;
    result<std::optional<std::string_view>> to_optional_text() const;  // nothing for nil
    result<std::span<const value>> to_array() const;

    // Views into this value; nullptr when it is of another kind.
    const std::string* if_text() const noexcept { return std::get_if<std::string>(&what_); }
    array* if_array() noexcept { return std::get_if<array>(&what_); }
    const array* if_array() const noexcept { return std::get_if<array>(&what_); }

    friend bool operator==(const value&, const value&) = default;

private:
    std::variant<std::monostate, std::int64_t, std::string, error, array> what_;
};

// errc::redis_unavailable when the error says that this server cannot serve at the moment (loading, a replica, out of
// memory, busy with a script …), errc::redis_protocol when the request or the permissions are at fault.
errc classify(std::string_view error_text) noexcept;

}  // namespace stagedoor::redis
