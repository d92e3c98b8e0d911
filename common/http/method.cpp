#include "common/http/method.hpp"

#include <algorithm>
#include <array>

namespace stagedoor::http {
namespace {

constexpr std::array<std::string_view, method_count> names{"GET",   "HEAD",   "POST",    "PUT",
                                                           "PATCH", "DELETE", "OPTIONS", "OTHER"};

}  // namespace

std::string_view to_string(method verb) noexcept { return names[static_cast<std::size_t>(verb)]; }

method find_method(std::string_view text) noexcept {
    const auto end = names.end() - 1;
    return static_cast<method>(std::find(names.begin(), end, text) - names.begin());
}

}  // namespace stagedoor::http
