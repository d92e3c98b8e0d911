// Hashing in memory that is kept gives the same hashes, and asks the kernel for pages once.
#include "auth-service/src/user/hash_memory.hpp"

#include <sodium.h>
#include <sys/resource.h>

#include <string>
#include <thread>

#include "auth-service/src/user/password_hasher.hpp"
#include "common/core/limits.hpp"
#include "tests/support/catch.hpp"

namespace {

using stagedoor::user::hash_password;
using stagedoor::user::kept_hash_memory;

// By the reference implementation (phc-winner-argon2; the large one is of its own tests): of "password" and "somesalt".
const std::string known_small = "$argon2id$v=19$m=4096,t=2,p=1$c29tZXNhbHQ$jacJHQ+PoBstB/ZoVNk8re3s1yzVABZujceGiwVNJnk";
const std::string known_large = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

bool is_right(const std::string& password, const std::string& hash) {
    const kept_hash_memory memory;
    return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

std::string hash_in_kept_memory(const std::string& password) {
    const kept_hash_memory memory;
    return hash_password(password);
}

// Pages that the kernel gave the calling thread so far.
long pages_taken() {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_minflt;
}

}  // namespace

TEST_CASE("hashes are the same in memory that others were made in before") {
    const auto first = hash_in_kept_memory("break a leg");
    for (int round = 0; round < 3; ++round) {
        CHECK(is_right("password", known_small));
        CHECK(is_right("break a leg", first));
        CHECK(is_right("password", known_large));
        CHECK_FALSE(is_right("Password", known_large));
        CHECK_FALSE(is_right("break a log", first));
        CHECK(is_right("another", hash_in_kept_memory("another")));
    }
    // Made in kept memory, right without it, and the other way round.
    CHECK(crypto_pwhash_str_verify(first.c_str(), "break a leg", 11) == 0);
    CHECK(is_right("plain", hash_password("plain")));
}

TEST_CASE("a thread asks the kernel for the memory of its hashes once") {
    if (!kept_hash_memory::works()) return;
    constexpr long all_pages = stagedoor::limits::password_hash_memory / 4096;
    long first = 0, next = 0, outside = 0;
    std::thread{[&] {
        const long before = pages_taken();
        hash_in_kept_memory("one");
        first = pages_taken() - before;
        for (int i = 0; i < 3; ++i) hash_in_kept_memory("two");
        next = pages_taken() - before - first;
        hash_password("three");
        outside = pages_taken() - before - first - next;
    }}.join();
    INFO("pages: " << first << " for the first hash, " << next << " for three more, " << outside << " without the scope");
    CHECK(next < all_pages / 100);
    // What the test would see if nothing were kept: large pages (THP) may make it fewer than all.
    CHECK(first > next);
    CHECK(outside > next);
}
