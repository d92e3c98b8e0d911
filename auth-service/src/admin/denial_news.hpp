// The port to the consoles: they hear that calls were refused, and look at the audit log. A courtesy: what is not heard shows
// with the next thing that is.
#pragma once

#include <cstdint>

#include "common/core/clock.hpp"
#include "common/core/errc.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::admin {

class denial_news {
public:
    virtual ~denial_news() = default;

    // `calls` were refused, the last of them `at`, and are in the audit log. No oftener than that is written (denial_log),
    // so that nobody outside can fill the admins' stream. errc::redis_*, errc::overloaded: nobody hears of it.
    virtual runtime::task<result<void>> tell(std::int64_t calls, instant at) = 0;
};

}  // namespace stagedoor::admin
