#include "common/runtime/descriptors.hpp"

#include <sys/resource.h>

namespace stagedoor::runtime {
namespace {

// What every system allows (POSIX: at least 20; Linux: 1,024 unless told otherwise).
constexpr std::size_t usual_limit = 1024;

}  // namespace

std::size_t raise_descriptor_limit() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return usual_limit;
    const auto before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
}

}  // namespace stagedoor::runtime
