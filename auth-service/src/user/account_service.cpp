#include "auth-service/src/user/account_service.hpp"

#include <spdlog/spdlog.h>

namespace stagedoor::user {

runtime::task<result<committed>> account_service::register_manager(registration wanted) {
    auto hash = co_await hasher_.hash(std::move(wanted.password));
    if (!hash) co_return hash.error();
    new_user made;
    made.id = user_id{make_uuid_v7()};
    made.email = std::move(wanted.email);
    made.display_name = std::move(wanted.display_name);
    made.password_hash = std::move(*hash);
    const actor by{made.id.text()};
    auto created = co_await users_.create(std::move(made), by);
    co_return created;
}

runtime::task<result<user_facts>> account_service::verify(std::string email, std::string password) {
    auto found = co_await users_.find_credentials(std::move(email));
    if (!found) co_return found.error();
    // Who has no password (an account made by plain SQL) is answered like nobody, in the same time.
    if (!*found || (*found)->password_hash.empty()) {
        const auto spent = co_await hasher_.verify_nobody(std::move(password));
        if (!spent) co_return spent.error();
        co_return errc::invalid_credentials;
    }
    auto& known = **found;
    const bool outdated = password_hasher::is_outdated(known.password_hash);
    std::string again = outdated ? password : std::string{};
    const auto right = co_await hasher_.verify(std::move(password), known.password_hash);
    if (!right) co_return right.error();
    if (!*right) co_return errc::invalid_credentials;
    if (known.facts.status == user_status::suspended) co_return errc::account_suspended;

    if (outdated) {
        tasks_.spawn("rehash", rehash(known.facts.id, std::move(known.password_hash), std::move(again)));
    }
    co_return std::move(known.facts);
}

runtime::task<void> account_service::rehash(user_id user, std::string old_hash, std::string password) {
    // Nothing depends on it: the pool may be full, the database away, the password just changed. The next sign-in tries
    // again.
    auto fresh = co_await hasher_.hash(std::move(password));
    if (!fresh) co_return;
    const auto replaced = co_await users_.rehash(user, std::move(old_hash), std::move(*fresh));
    if (replaced) spdlog::info("user {}: the password hash was made again with today's parameters", user.text());
}

}  // namespace stagedoor::user
