// One prepared statement. Belongs to the thread of its connection.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "common/core/errc.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace stagedoor::sql {

class statement {
public:
    // Exactly one statement. errc::internal_error when it is not SQL that this schema understands.
    static result<statement> prepare(sqlite3* connection, std::string_view sql);

    // Parameters are numbered from 1 and keep their values until they are bound again; text and bytes are copied.
    // What cannot be bound (no such parameter, too large) fails the next step.
    void bind(int parameter, std::int64_t value) noexcept;
    void bind(int parameter, std::string_view text) noexcept;
    void bind(int parameter, std::span<const std::uint8_t> bytes) noexcept;
    void bind(int parameter, std::nullptr_t) noexcept;
    template <std::integral Integer>
    void bind(int parameter, Integer value) noexcept {
        bind(parameter, static_cast<std::int64_t>(value));
    }
    template <class T>
    void bind(int parameter, const std::optional<T>& value) noexcept {
        value ? bind(parameter, *value) : bind(parameter, nullptr);
    }

    // True: there is a row. False: the statement is done. Errors of to_error.
    result<bool> step() noexcept;

    // Lets go of the row and of what is locked for it.
    void reset() noexcept;

    // Columns of the row, numbered from 0. NULL is 0 and "". Text and bytes live until the next step or reset.
    bool is_null(int column) const noexcept;
    std::int64_t integer(int column) const noexcept;
    std::string_view text(int column) const noexcept;
    std::span<const std::uint8_t> bytes(int column) const noexcept;
    std::optional<std::int64_t> optional_integer(int column) const noexcept;
    std::optional<std::string_view> optional_text(int column) const noexcept;

    // What it was prepared from; lives as long as the statement, wherever that is moved.
    std::string_view sql() const noexcept;

private:
    struct finalizer {
        void operator()(sqlite3_stmt* handle) const noexcept;
    };

    explicit statement(sqlite3_stmt* handle) noexcept : handle_{handle} {}
    void remember(int code) noexcept;

    std::unique_ptr<sqlite3_stmt, finalizer> handle_;
    int bind_failure_ = 0;
};

}  // namespace stagedoor::sql
