// Argon2id (RFC 9106) with OWASP's floor of parameters, off the shards, on a pool that refuses rather than queues.
#pragma once

#include <string>
#include <string_view>

#include "common/core/errc.hpp"
#include "common/runtime/cpu_pool.hpp"

namespace stagedoor::user {

// The text form of the hash, parameters and a fresh salt included; takes about 15 ms in memory that is kept. Nothing is logged or kept.
// Empty when there is not enough memory.
std::string hash_password(const std::string& password);

class password_hasher {
public:
    explicit password_hasher(runtime::cpu_pool& pool);

    // errc::overloaded: the pool is full, or the turn did not come within password_queue_time.
    runtime::task<result<std::string>> hash(std::string password);
    runtime::task<result<bool>> verify(std::string password, std::string hash);

    // Takes as long as a real verification: for e-mails that nobody has (ASVS 5.0 6.3.8).
    runtime::task<result<bool>> verify_nobody(std::string password);

    // After errc::overloaded: when what waits now will be done.
    std::chrono::milliseconds backlog() const { return pool_.backlog(); }

    bool full() const { return pool_.full(); }

    // True when the hash was made with weaker parameters than today's. A stronger one, of a newer release say, is not.
    static bool is_outdated(std::string_view hash) noexcept;

private:
    runtime::cpu_pool& pool_;
    std::string nobodys_hash_;
};

}  // namespace stagedoor::user
