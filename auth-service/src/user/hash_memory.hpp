// The memory in which libsodium hashes a password, kept from one hash to the next.
//
// libsodium maps 19 MiB for every hash and gives them back at its end, and has no call by which to lend it some. The
// kernel then clears 4,864 pages for each, 40 % of the time that a hash takes; and meanwhile it holds the process's
// address space locked, for which an event loop whose heap grows by a page waits: measured up to 15 ms, whatever the
// classes of the threads. So this file stands between: mmap and munmap of this program are its own, and hand a thread
// that hashes the same memory again. All others get what they asked for.
#pragma once

namespace stagedoor::user {

// While it lives, libsodium hashes on this thread in memory that the thread keeps until it ends: as much as today's
// parameters take (password_hash_memory); a hash that takes more gets its own. At most one a thread at a time.
//
// Nothing is wiped in between, as nothing was before the kernel got it back: what is left of a hash are blocks from
// which the password can be guessed only at the price of hashing each guess.
class kept_hash_memory {
public:
    kept_hash_memory() noexcept;
    ~kept_hash_memory();
    kept_hash_memory(const kept_hash_memory&) = delete;
    kept_hash_memory& operator=(const kept_hash_memory&) = delete;

    // False in builds with a sanitizer, which has an mmap of its own: there every hash maps anew.
    static bool works() noexcept;
};

}  // namespace stagedoor::user
