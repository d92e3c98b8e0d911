// Which endpoint serves a method and a path. Pure; looks up without allocating.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/method.hpp"
#include "common/http/request.hpp"

namespace stagedoor::http {

// Patterns are literal paths in which a whole segment may be `{name}`: it stands for one segment that is not empty.
// A literal path wins over a pattern with parameters.
constexpr bool is_pattern(std::string_view pattern) noexcept {
    if (pattern.empty() || pattern.front() != '/') return false;
    std::size_t parameters = 0;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '}') return false;
        if (pattern[i] != '{') continue;
        const auto end = pattern.find('}', i);
        if (pattern[i - 1] != '/' || end == std::string_view::npos || end == i + 1) return false;
        if (end + 1 < pattern.size() && pattern[end + 1] != '/') return false;
        if (++parameters > path_parameters) return false;
        i = end;
    }
    return true;
}

class route_table {
public:
    struct route {
        method verb;
        std::string_view pattern;  // static lifetime
    };

    // GET serves HEAD as well. Throws std::logic_error for a malformed pattern and for two routes of one method and
    // path.
    explicit route_table(std::span<const route> routes);

    struct outcome {
        enum class kind : std::uint8_t { found, not_found, method_not_allowed } what = kind::not_found;
        std::size_t index = 0;         // found: of the route, in the order given
        std::uint16_t allowed = 0;     // method_not_allowed: a bit (1 << method) for each that is
        request::matched_route match;  // found or method_not_allowed; views into `path` and the pattern
    };
    outcome find(method verb, std::string_view path) const noexcept;

    // `allowed` as the value of an Allow field: "GET, HEAD, POST".
    static std::string allow_field(std::uint16_t allowed);

private:
    static constexpr std::uint16_t none = 0xffff;
    struct group {
        std::string_view pattern;
        std::array<std::uint16_t, method_count> endpoints;
        std::uint16_t allowed = 0;
    };
    std::vector<group> literals_;      // by pattern
    std::vector<group> parametrised_;  // in the order given
};

}  // namespace stagedoor::http
