#include "auth-service/src/user/password_hasher.hpp"

#include <sodium.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <memory>

#include "auth-service/src/user/hash_memory.hpp"
#include "common/core/limits.hpp"
#include "common/core/secrets.hpp"

namespace stagedoor::user {
namespace {

// The number behind `name` in the text form of a hash, $argon2id$v=19$m=19456,t=2,p=1$…; 0 when there is none.
std::uint64_t parameter(std::string_view hash, std::string_view name) noexcept {
    const auto at = hash.find(name);
    if (at == std::string_view::npos) return 0;
    std::uint64_t value = 0;
    const auto* const begin = hash.data() + at + name.size();
    const auto [end, ec] = std::from_chars(begin, hash.data() + hash.size(), value);
    return ec == std::errc{} ? value : 0;
}

// The text form, ended by a zero; empty when there is not enough memory.
using hash_text = std::array<char, crypto_pwhash_STRBYTES>;

hash_text hashed(const std::string& password) noexcept {
    hash_text text{};
    const int failed = crypto_pwhash_str_alg(text.data(), password.data(), password.size(),
                                             limits::password_hash_passes, limits::password_hash_memory,
                                             crypto_pwhash_ALG_ARGON2ID13);
    if (failed != 0) text[0] = 0;
    return text;
}

// Wiped when the last thread that works with it is through: it may be two (cpu_pool.hpp).
std::shared_ptr<const std::string> until_hashed(std::string password) {
    return {new std::string{std::move(password)}, [](std::string* text) {
                wipe(*text);
                delete text;
            }};
}

}  // namespace

std::string hash_password(const std::string& password) { return hashed(password).data(); }

password_hasher::password_hasher(runtime::cpu_pool& pool) : pool_{pool}, nobodys_hash_{hash_password(random_text(16))} {}

runtime::task<result<std::string>> password_hasher::hash(std::string password) {
    auto work = [password = until_hashed(std::move(password))] {
        const kept_hash_memory memory;
        return hashed(*password);
    };
    const auto made = co_await pool_.run(std::move(work));
    if (!made) co_return made.error();
    if (made->front() == 0) co_return errc::overloaded;
    co_return std::string{made->data()};
}

runtime::task<result<bool>> password_hasher::verify(std::string password, std::string hash) {
    auto work = [password = until_hashed(std::move(password)), hash = std::move(hash)] {
        const kept_hash_memory memory;
        return crypto_pwhash_str_verify(hash.c_str(), password->data(), password->size()) == 0;
    };
    auto verified = co_await pool_.run(std::move(work));
    co_return verified;
}

runtime::task<result<bool>> password_hasher::verify_nobody(std::string password) {
    auto verified = co_await verify(std::move(password), nobodys_hash_);
    if (verified) verified = false;
    co_return verified;
}

bool password_hasher::is_outdated(std::string_view hash) noexcept {
    const auto passes = parameter(hash, ",t=");
    const auto kibibytes = parameter(hash, "$m=");
    return !hash.starts_with("$argon2id$") || passes < limits::password_hash_passes ||
           kibibytes * 1024 < limits::password_hash_memory;
}

}  // namespace stagedoor::user
