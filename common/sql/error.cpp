#include "common/sql/error.hpp"

#include <sqlite3.h>

#include <boost/system/error_category.hpp>
#include <string>

#include "common/core/errc.hpp"

namespace stagedoor::sql {
namespace {

// Boost's base is never deleted through; its protected destructor is what g++ warns of.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class refusal_category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "sqlite refusal"; }
    std::string message(int value) const override { return sqlite3_errstr(value); }
};
#pragma GCC diagnostic pop

const refusal_category refusals;

}  // namespace

boost::system::error_code to_error(int code) noexcept {
    switch (code & 0xff) {
        case SQLITE_CONSTRAINT:
            return {code, refusals};
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return errc::database_busy;
        case SQLITE_PERM:
        case SQLITE_NOMEM:
        case SQLITE_READONLY:
        case SQLITE_INTERRUPT:
        case SQLITE_IOERR:
        case SQLITE_CORRUPT:
        case SQLITE_FULL:
        case SQLITE_CANTOPEN:
        case SQLITE_PROTOCOL:
        case SQLITE_SCHEMA:
        case SQLITE_NOTADB:
            return errc::database_unavailable;
        default:
            return errc::internal_error;
    }
}

bool is_refusal(const boost::system::error_code& code) noexcept { return code.category() == refusals; }

std::string_view refusal_word(std::string_view message) noexcept {
    const auto colon = message.find(": ");
    const auto word = message.substr(0, colon == message.npos ? 0 : colon);
    return word.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == word.npos ? word : std::string_view{};
}

}  // namespace stagedoor::sql
