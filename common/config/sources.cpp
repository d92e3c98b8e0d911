#include "common/config/sources.hpp"

#include <algorithm>

#include "common/config/known_variables.hpp"
#include "common/config/wording.hpp"
#include "common/core/json.hpp"

namespace stagedoor::config {
namespace {

std::vector<std::string_view> split_at_commas(std::string_view list) {
    std::vector<std::string_view> items;
    for (;;) {
        const auto comma = list.find(',');
        items.push_back(trim(list.substr(0, comma)));
        if (comma == std::string_view::npos) return items;
        list.remove_prefix(comma + 1);
    }
}

std::string not_right(const option& about, const given_value& given, std::string_view value) {
    auto text = given.where + ": ";
    text += about.hidden ? about.name + " is not right (its value is not shown)" : in_quotes(value) + " is not right";
    return text + "; " + about.name + " has to be " + about.expected;
}

}  // namespace

const option* vocabulary::find(std::string_view name) const noexcept {
    const auto found = std::ranges::find(options, name, [](const option* o) { return std::string_view{o->name}; });
    return found == options.end() ? nullptr : *found;
}

given_values read_flags(std::span<const std::string> arguments, const vocabulary& known,
                        std::vector<std::string>& operands, problems& wrong) {
    given_values given;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view argument = arguments[i];
        const bool value_follows = i + 1 < arguments.size() && !arguments[i + 1].starts_with("--");
        if (argument == "--") {
            operands.insert(operands.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, arguments.end());
            break;
        }
        if (!argument.starts_with("--")) {
            if (argument.starts_with('-') && argument.size() > 1) {
                wrong.push_back("unexpected argument " + in_quotes(argument));
            } else {
                operands.emplace_back(argument);
            }
            continue;
        }
        const auto equals = argument.find('=');
        const auto name = argument.substr(2, equals == std::string_view::npos ? equals : equals - 2);
        const auto* option = known.find(name);
        if (!option) {
            // Whatever stands beside it is not shown: it may be a secret whose option is misspelt.
            if (const auto why = known.about_unknown(name)) wrong.push_back(*why);
            if (equals == std::string_view::npos && value_follows) ++i;
            continue;
        }
        const auto where = "--" + option->name;
        if (equals != std::string_view::npos) {
            given[option->name].push_back({where, std::string{argument.substr(equals + 1)}});
        } else if (option->is_flag) {
            given[option->name].push_back({where, "on"});
        } else if (value_follows) {
            given[option->name].push_back({where, arguments[++i]});
        } else {
            wrong.push_back(where + ": the value is missing; " + option->name + " has to be " + option->expected);
        }
    }
    return given;
}

given_values read_environment(const std::map<std::string, std::string, std::less<>>& environment,
                              const vocabulary& known, problems& wrong) {
    given_values given;
    for (const auto& [variable, value] : environment) {
        if (!variable.starts_with("STAGEDOOR_") || value.empty()) continue;
        const auto found = std::ranges::find(known.options, variable, &option::environment_name);
        if (found != known.options.end() && !(*found)->flag_only) {
            given[(*found)->name].push_back({variable, value});
        } else if (!may_be_present(variable, value)) {
            if (const auto why = known.about_unknown(variable)) wrong.push_back(*why);
        }
    }
    return given;
}

given_values read_file(const std::string& path, std::string_view text, const vocabulary& known, problems& wrong) {
    given_values given;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = trim(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty() || line.front() == '#') continue;

        const auto where = path + ':' + std::to_string(number);
        const auto equals = line.find('=');
        if (equals == std::string_view::npos) {
            wrong.push_back(where + ": this line has no '='; lines are name = value");
            continue;
        }
        const auto name = trim(line.substr(0, equals));
        if (const auto* option = known.find(name); option && !option->flag_only) {
            given[option->name].push_back({where, std::string{trim(line.substr(equals + 1))}});
        } else if (!is_known_option(name)) {
            if (const auto why = known.about_unknown(name)) wrong.push_back(where + ": " + *why);
        }
    }
    return given;
}

void assign(option& into, std::span<const given_values* const> by_precedence, problems& wrong) {
    into.given.clear();
    into.use_default();
    for (const auto* source : by_precedence) {
        const auto found = source->find(into.name);
        if (found == source->end()) continue;
        into.given = found->second;
        break;
    }
    if (into.given.empty()) {
        if (into.required) {
            const auto elsewhere = into.flag_only ? std::string{}
                                                  : " (or " + into.environment_name() + ", or " + into.name +
                                                        " in a config file)";
            wrong.push_back("--" + into.name + " is missing" + elsewhere + "; it has to be " + into.expected);
        }
        return;
    }
    if (into.given.size() > 1 && !into.repeatable) {
        wrong.push_back(into.given.back().where + ": " + into.name + " is given more than once");
        return;
    }
    into.clear();
    for (const auto& given : into.given) {
        const auto values = into.repeatable ? split_at_commas(given.value) : std::vector<std::string_view>{given.value};
        for (const auto value : values) {
            if (!into.accept(value)) wrong.push_back(not_right(into, given, value));
        }
    }
}

}  // namespace stagedoor::config
