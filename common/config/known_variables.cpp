#include "common/config/known_variables.hpp"

#include <algorithm>
#include <string>

namespace stagedoor::config {
namespace {

// Kubernetes adds <NAME>_SERVICE_HOST, <NAME>_SERVICE_PORT[_…] and the older Docker links' <NAME>_PORT[_<n>_<TCP>[_…]].
bool is_service_link(std::string_view variable, std::string_view value) {
    const auto has = [&](std::string_view part) { return variable.find(part) != std::string_view::npos; };
    return variable.ends_with("_SERVICE_HOST") || has("_SERVICE_PORT") ||
           (has("_PORT_") && (has("_TCP") || has("_UDP"))) ||
           (variable.ends_with("_PORT") && value.find("://") != std::string_view::npos);
}

}  // namespace

bool is_known_option(std::string_view name) noexcept {
    return std::ranges::find(known_options, name) != known_options.end();
}

bool may_be_present(std::string_view variable, std::string_view value) {
    if (std::ranges::find(script_variables, variable) != script_variables.end()) return true;
    if (is_service_link(variable, value)) return true;
    std::string name{variable.substr(std::string_view{"STAGEDOOR_"}.size())};
    for (char& c : name) {
        if (c >= 'a' && c <= 'z') return false;
        c = c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return is_known_option(name);
}

}  // namespace stagedoor::config
