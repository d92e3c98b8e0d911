#include "common/sql/statement.hpp"

#include <sqlite3.h>

#include <utility>

#include "common/sql/error.hpp"

namespace stagedoor::sql {

void statement::finalizer::operator()(sqlite3_stmt* handle) const noexcept { sqlite3_finalize(handle); }

result<statement> statement::prepare(sqlite3* connection, std::string_view sql) {
    sqlite3_stmt* handle = nullptr;
    const char* rest = nullptr;
    const int code = sqlite3_prepare_v3(connection, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &handle, &rest);
    if (code != SQLITE_OK) return to_error(code);
    statement prepared{handle};
    if (!handle || rest != sql.data() + sql.size()) return errc::internal_error;
    return prepared;
}

void statement::remember(int code) noexcept {
    if (code != SQLITE_OK) bind_failure_ = code;
}

void statement::bind(int parameter, std::int64_t value) noexcept {
    remember(sqlite3_bind_int64(handle_.get(), parameter, value));
}

void statement::bind(int parameter, std::string_view text) noexcept {
    // A null pointer would bind NULL: an empty view means the empty text.
    remember(sqlite3_bind_text64(handle_.get(), parameter, text.data() ? text.data() : "", text.size(),
                                 SQLITE_TRANSIENT, SQLITE_UTF8));
}

void statement::bind(int parameter, std::span<const std::uint8_t> bytes) noexcept {
    const void* const data = bytes.data() ? static_cast<const void*>(bytes.data()) : "";
    remember(sqlite3_bind_blob64(handle_.get(), parameter, data, bytes.size(), SQLITE_TRANSIENT));
}

void statement::bind(int parameter, std::nullptr_t) noexcept { remember(sqlite3_bind_null(handle_.get(), parameter)); }

result<bool> statement::step() noexcept {
    const int unbound = std::exchange(bind_failure_, SQLITE_OK);
    const int code = unbound == SQLITE_OK ? sqlite3_step(handle_.get()) : unbound;
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return {boost::system::in_place_error, to_error(code)};  // an error_code alone would do as a bool, too
}

void statement::reset() noexcept {
    // Repeats the error of the last step, which has been told.
    static_cast<void>(sqlite3_reset(handle_.get()));
}

bool statement::is_null(int column) const noexcept { return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL; }

std::int64_t statement::integer(int column) const noexcept { return sqlite3_column_int64(handle_.get(), column); }

std::string_view statement::text(int column) const noexcept {
    const auto* const data = sqlite3_column_text(handle_.get(), column);
    if (!data) return {};
    return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

std::span<const std::uint8_t> statement::bytes(int column) const noexcept {
    const auto* const data = static_cast<const std::uint8_t*>(sqlite3_column_blob(handle_.get(), column));
    if (!data) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

std::optional<std::int64_t> statement::optional_integer(int column) const noexcept {
    if (is_null(column)) return std::nullopt;
    return integer(column);
}

std::optional<std::string_view> statement::optional_text(int column) const noexcept {
    if (is_null(column)) return std::nullopt;
    return text(column);
}

std::string_view statement::sql() const noexcept { return sqlite3_sql(handle_.get()); }

}  // namespace stagedoor::sql
