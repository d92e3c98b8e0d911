// The three places that values are read from, each into the same form. Pure; used by `program`.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/option_set.hpp"

namespace stagedoor::config {

using given_values = std::map<std::string, std::vector<given_value>, std::less<>>;

// What is wrong, one line each, told together at the end.
using problems = std::vector<std::string>;

// The options that may be given, and what is to be said of any other name.
struct vocabulary {
    std::vector<const option*> options;
    // Why a name is no option here; nothing: it belongs to somebody else and is passed over.
    std::function<std::optional<std::string>(std::string_view name)> about_unknown;

    const option* find(std::string_view name) const noexcept;
};

// `--name value`, `--name=value`, and `--name` for an option that is on or off. What is no option goes to `operands`: what
// does not begin with `-`, a lone `-`, and everything after a lone `--`.
given_values read_flags(std::span<const std::string> arguments, const vocabulary& known,
                        std::vector<std::string>& operands, problems& wrong);

// Variables that begin with STAGEDOOR_. An empty one counts as not set.
given_values read_environment(const std::map<std::string, std::string, std::less<>>& environment,
                              const vocabulary& known, problems& wrong);

// Lines `name = value`; empty lines and lines that begin with # are passed over. `path` is for the messages.
given_values read_file(const std::string& path, std::string_view text, const vocabulary& known, problems& wrong);

// Puts the values of the first source that has any, or the default, into the option's target.
void assign(option& into, std::span<const given_values* const> by_precedence, problems& wrong);

}  // namespace stagedoor::config
