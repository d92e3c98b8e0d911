// Requests that are refused over and over, summed for the log: a line for each would cost a flooded service a third of the
// sign-ins that it could serve. Pure; of one event loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/errc.hpp"
#include "common/http/method.hpp"

namespace stagedoor::ops {

class refusal_sums {
public:
    // Kinds are told apart by what they are about (whose limit, say) up to this many at a time: the outside makes those up.
    // Beyond, they are told apart by the rest alone, of which there is as much as there are endpoints and problems.
    static constexpr std::size_t kinds_with_about = 64;

    struct sum {
        errc why;
        http::method verb;
        std::string_view route;  // the endpoint's pattern, static; "" for none
        std::string about;
        std::uint64_t more = 0;  // than the first
    };

    // True for the first of its kind since take(), which is to be told whole; the others are counted.
    bool is_first(errc why, http::method verb, std::string_view route, std::string_view about);

    // Nothing was noted since take().
    bool empty() const noexcept { return kinds_.empty(); }

    // The kinds that came more than once; then all are new again.
    std::vector<sum> take();

private:
    std::vector<sum> kinds_;
};

}  // namespace stagedoor::ops
