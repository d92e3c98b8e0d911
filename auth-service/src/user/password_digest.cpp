// Stands alone: the generator of the list digests with the same code as the service.
#include <algorithm>

#include "auth-service/src/user/common_passwords.hpp"
#include "common/core/secrets.hpp"

namespace stagedoor::user {

password_digest digest_password(std::string_view folded) noexcept {
    const auto full = sha256(folded);
    password_digest digest;
    std::copy_n(full.begin(), digest.size(), digest.begin());
    return digest;
}

}  // namespace stagedoor::user
