#include "auth-service/src/user/common_passwords.hpp"

#include <algorithm>
#include <span>

#include "auth-service/src/user/fold_case.hpp"

namespace stagedoor::user {

// Made by auth-service/passwords at build time.
extern const std::span<const password_digest> common_password_digests;

bool is_common_password(std::string_view password) {
    return std::ranges::binary_search(common_password_digests, digest_password(fold_case(password)));
}

std::size_t common_password_count() noexcept { return common_password_digests.size(); }

}  // namespace stagedoor::user
