// Targets, queries and Cookie fields: what comes out is UTF-8 without control characters, and within the bounds.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/core/cookie.hpp"
#include "common/core/json.hpp"
#include "common/http/query.hpp"
#include "common/http/utf8.hpp"

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void require_clean(std::string_view text) { require(stagedoor::is_utf8(text) && !stagedoor::has_control_chars(text)); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stagedoor;
    const std::string_view text{reinterpret_cast<const char*>(data), size};

    http::target target;
    if (http::parse_target(text, target)) {
        require(target.path.starts_with('/'));
        require_clean(target.path);
    }
    if (const auto query = http::query::parse(text)) {
        require(query->all().size() <= http::query_parameters);
        for (const auto& [name, value] : query->all()) {
            require_clean(name);
            require_clean(value);
            require(query->find(name).has_value());
        }
    }
    for (const auto value : find_cookies(text, "stagedoor-8080")) {
        require(value.data() >= text.data() && value.data() + value.size() <= text.data() + text.size());
    }
    return 0;
}
