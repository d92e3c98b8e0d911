// What a gateway asks of the people it lets pass: GET /api/auth/verify?role=…&status=… Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/core/errc.hpp"
#include "common/core/user.hpp"

namespace stagedoor::api {

// A set of roles and one of statuses; an empty set asks for nothing.
class requirement {
public:
    // `query` as it was sent. A parameter may come several times and hold several values, with commas between them:
    // any of them will do. On failure `complaint` says what is wrong. (A gateway that misspells a role must not find
    // out by letting everybody in.)
    static std::optional<requirement> parse(std::string_view query, std::string& complaint);

    // errc::forbidden for another role; errc::account_* for another status, forbidden when that is `active`.
    result<void> admits(const user_facts& user) const noexcept;

private:
    bool add(std::string_view name, std::string_view value, std::string& complaint);

    std::uint8_t roles_ = 0;     // a bit for each
    std::uint8_t statuses_ = 0;  // a bit for each
};

}  // namespace stagedoor::api
