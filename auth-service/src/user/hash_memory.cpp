#include "auth-service/src/user/hash_memory.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

#include "common/core/limits.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STAGEDOOR_OWN_MMAP 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define STAGEDOOR_OWN_MMAP 0
#endif
#endif
#ifndef STAGEDOOR_OWN_MMAP
#define STAGEDOOR_OWN_MMAP 1
#endif

namespace stagedoor::user {
namespace {

// What a hash works in is never smaller (a weak one of long ago: 1 MiB); other mappings of that moment are.
constexpr std::size_t smallest = std::size_t{1} << 20;

// The kernel's calls, beside the names that this file gives a second meaning.
void* map(void* wish, std::size_t size, int protection, int flags, int fd, off_t offset) noexcept {
    static_assert(sizeof(void*) == 8, "a 32-bit system's mmap takes its offset in pages");
    // NOLINTNEXTLINE(performance-no-int-to-ptr): so the kernel answers, MAP_FAILED included.
    return reinterpret_cast<void*>(::syscall(SYS_mmap, wish, size, protection, flags, fd, offset));
}
int unmap(void* at, std::size_t size) noexcept { return static_cast<int>(::syscall(SYS_munmap, at, size)); }

class kept_region {
public:
    ~kept_region() { drop(); }

    static bool is_wanted(std::size_t size, int fd) noexcept {
        return fd == -1 && size >= smallest && size <= limits::password_hash_memory;
    }

    // MAP_FAILED when there is not enough memory; null when the region is lent already.
    void* lend(std::size_t size, int protection, int flags) noexcept {
        if (lent_) return nullptr;
        if (size_ < size) {
            drop();
            void* const fresh = map(nullptr, size, protection, flags, -1, 0);
            if (fresh == MAP_FAILED) return fresh;
            ::madvise(fresh, size, MADV_DONTDUMP);
            at_ = fresh;
            size_ = size;
        }
        lent_ = true;
        return at_;
    }

    bool take_back(const void* at) noexcept {
        if (!lent_ || at != at_) return false;
        lent_ = false;
        return true;
    }

private:
    void drop() noexcept {
        if (at_ != nullptr) unmap(at_, size_);
        at_ = nullptr;
        size_ = 0;
    }

    void* at_ = nullptr;
    std::size_t size_ = 0;
    bool lent_ = false;
};

// The first is read at every mmap and munmap of any thread, so it takes nothing to be there.
constinit thread_local bool keeping = false;
thread_local kept_region region;

}  // namespace

kept_hash_memory::kept_hash_memory() noexcept { keeping = true; }
kept_hash_memory::~kept_hash_memory() { keeping = false; }
bool kept_hash_memory::works() noexcept { return STAGEDOOR_OWN_MMAP != 0; }

}  // namespace stagedoor::user

#if STAGEDOOR_OWN_MMAP
using namespace stagedoor::user;

// As mmap(2) and munmap(2). The program's own come before the C library's for every library that it is linked with
// (ELF symbol resolution); the C library's own needs, malloc's say, do not come here.
extern "C" void* mmap(void* wish, std::size_t size, int protection, int flags, int fd, off_t offset) noexcept {
    if (keeping && wish == nullptr && kept_region::is_wanted(size, fd)) {
        if (void* const lent = region.lend(size, protection, flags)) return lent;
    }
    return map(wish, size, protection, flags, fd, offset);
}

extern "C" int munmap(void* at, std::size_t size) noexcept {
    if (keeping && region.take_back(at)) return 0;
    return unmap(at, size);
}
#endif
