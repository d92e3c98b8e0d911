#include "common/config/option_set.hpp"

#include <algorithm>
#include <stdexcept>

namespace stagedoor::config {
namespace {

bool is_kebab_case(std::string_view name) {
    const auto is_part = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    return !name.empty() && name.front() != '-' && name.back() != '-' && std::ranges::all_of(name, is_part);
}

}  // namespace

std::string option::environment_name() const {
    std::string variable = "STAGEDOOR_";
    for (const char c : name) {
        variable.push_back(c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    }
    return variable;
}

const option* option_set::find(std::string_view name) const noexcept {
    const auto found = std::ranges::find(options_, name, &option::name);
    return found == options_.end() ? nullptr : &*found;
}

option* option_set::find(std::string_view name) noexcept {
    const auto found = std::ranges::find(options_, name, &option::name);
    return found == options_.end() ? nullptr : &*found;
}

option& option_set::insert(option added) {
    if (!is_kebab_case(added.name)) throw std::logic_error{"option '" + added.name + "' is not kebab-case"};
    if (find(added.name)) throw std::logic_error{"option '" + added.name + "' is defined twice"};
    return options_.emplace_back(std::move(added));
}

std::string operands::usage() const {
    const bool is_phrase = name.find(' ') != std::string::npos;  // says for itself how many
    const auto one = max > 1 && !is_phrase ? name + "..." : name;
    return min == 0 ? '[' + one + ']' : one;
}

void option_set::take_operands(std::string name, std::vector<std::string>& target, std::size_t min, std::size_t max,
                               std::string description) {
    operands_ = {std::move(name), std::move(description), min, max, &target};
}

}  // namespace stagedoor::config
