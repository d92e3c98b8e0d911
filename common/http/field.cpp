#include "common/http/field.hpp"

#include "common/core/json.hpp"

namespace stagedoor::http {

bool has_token(std::string_view value, std::string_view token) noexcept {
    while (!value.empty()) {
        const auto comma = value.find(',');
        if (equal_ignoring_case(trim(value.substr(0, comma)), token)) return true;
        value = comma == std::string_view::npos ? std::string_view{} : value.substr(comma + 1);
    }
    return false;
}

}  // namespace stagedoor::http
