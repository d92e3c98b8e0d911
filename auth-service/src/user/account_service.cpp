#include "auth-service/src/user/account_service.hpp"

#include <spdlog/spdlog.h>

#include "common/core/secrets.hpp"

namespace stagedoor::user {
namespace {

// The second try is for a hash that was renewed, with stronger parameters, by a sign-in with the same password.
constexpr int change_attempts = 2;

// What was typed is wiped, however the call ends.
struct wiping {
    std::string& typed;
    ~wiping() { wipe(typed); }
};

}  // namespace

runtime::task<result<committed>> account_service::register_manager(registration wanted) {
    auto hash = co_await hasher_.hash(std::move(wanted.password));
    if (!hash) co_return hash.error();
    new_user made;
    made.id = user_id{make_uuid_v7()};
    made.email = std::move(wanted.email);
    made.display_name = std::move(wanted.display_name);
    made.password_hash = std::move(*hash);
    const actor by{made.id.text(), "api", std::move(wanted.address)};
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
    std::string for_rehash = outdated ? password : std::string{};
    const wiping at_the_end{for_rehash};
    const auto right = co_await hasher_.verify(std::move(password), known.password_hash);
    if (!right) co_return right.error();
    if (!*right) co_return errc::invalid_credentials;
    if (known.facts.status == user_status::suspended) co_return errc::account_suspended;

    if (outdated) {
        tasks_.spawn("rehash", rehash(known.facts.id, std::move(known.password_hash), std::move(for_rehash)));
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

runtime::task<result<committed>> account_service::change_password(password_wish wish) {
    const wiping present{wish.present};
    const wiping next{wish.next};
    std::string new_hash;
    for (int attempt = 0; attempt < change_attempts; ++attempt) {
        auto known = co_await users_.find_credentials(wish.user);
        if (!known) co_return known.error();
        // An account without a password (made by plain SQL) has none that could be right.
        const auto right = co_await hasher_.verify(wish.present, known->password_hash);
        if (!right) co_return right.error();
        if (!*right) co_return attempt == 0 ? errc::wrong_password : errc::password_changed;

        if (new_hash.empty()) {
            auto made = co_await hasher_.hash(wish.next);
            if (!made) co_return made.error();
            new_hash = std::move(*made);
        }
        password_change change{wish.user, wish.asking, std::move(known->password_hash), new_hash};
        const actor by{wish.user.text(), "api", wish.address};
        auto changed = co_await users_.change_password(std::move(change), by);
        if (changed || to_errc(changed.error()) != errc::password_changed) co_return changed;
    }
    co_return errc::password_changed;
}

}  // namespace stagedoor::user
