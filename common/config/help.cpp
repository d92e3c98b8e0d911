// The texts that come from the definitions: --help, the Markdown tables, and what is in force.
#include <algorithm>

#include "common/config/program.hpp"
#include "common/config/wording.hpp"

namespace stagedoor::config {
namespace {

std::string with_value(const option& about) {
    return "--" + about.name + (about.value_name.empty() ? "" : ' ' + about.value_name);
}

std::string default_of(const option& about) {
    if (about.required) return "required";
    return about.default_text.empty() ? "none" : about.default_text;
}

std::vector<std::string> groups_of(const option_set& set) {
    std::vector<std::string> groups;
    for (const auto& option : set.options()) {
        if (std::ranges::find(groups, option.group) == groups.end()) groups.push_back(option.group);
    }
    return groups;
}

// What is right, where its name and description leave that open.
std::string expectation_of(const option& about) {
    const bool plain = about.is_flag || about.hidden || about.expected == any_text;
    return plain ? "" : "Expects " + about.expected + ". ";
}

std::string facts_of(const option& about) {
    auto facts = expectation_of(about);
    if (about.repeatable) facts += "May be given several times, or with commas. ";
    return facts + (about.required ? "Required." : "Default: " + default_of(about) + '.');
}

std::string option_help(const option_set& set) {
    std::string out;
    for (const auto& group : groups_of(set)) {
        out.append("\n").append(group).append(":\n");
        for (const auto& option : set.options()) {
            if (option.group != group) continue;
            out.append("  ").append(with_value(option)).append("\n");
            out.append(wrapped(option.description, 6)).append(wrapped(facts_of(option), 6));
            if (!option.flag_only) out.append(wrapped("Environment: " + option.environment_name(), 6));
        }
    }
    return out;
}

constexpr std::string_view common_help =
    "\nEverywhere:\n"
    "  --config FILE\n"
    "      Reads options from a file of lines `name = value`; # begins a comment line.\n"
    "      Flags count before the environment, the environment before the file.\n"
    "      Environment: STAGEDOOR_CONFIG\n"
    "  --help, --version\n";

std::string cell(std::string_view text) {
    std::string out;
    for (const char c : text) out.append(c == '|' ? "\\|" : std::string(1, c));
    return out;
}

std::string code(std::string_view text) { return '`' + cell(text) + '`'; }

std::string markdown_row(const option& about) {
    const auto shown = default_of(about);
    const bool is_value = !about.required && !about.default_text.empty();
    auto what = about.description + ' ' + expectation_of(about) + (about.repeatable ? "Repeatable." : "");
    if (what.ends_with(' ')) what.pop_back();
    return "| " + code(with_value(about)) + " | " + (about.flag_only ? "" : code(about.environment_name())) + " | " +
           (is_value ? code(shown) : shown) + " | " + cell(what) + " |\n";
}

std::string markdown_rows(const option_set& set) {
    std::string rows;
    for (const auto& option : set.options()) rows.append(markdown_row(option));
    return rows;
}

}  // namespace

std::string program::overview() const {
    std::size_t widest = 0;
    for (const auto& known : commands_) widest = std::max(widest, known.name.size());

    auto out = name_ + ": " + summary_ + "\n\nUsage: " + name_ + " COMMAND [OPTIONS]\n\nCommands:\n";
    for (const auto& known : commands_) {
        out.append("  ").append(known.name).append(widest - known.name.size() + 2, ' ').append(known.summary) += '\n';
    }
    return out + "\n`" + name_ + " help COMMAND` shows a command's options, `" + name_ + " --version` the version.\n";
}

std::string program::help(const config::command& about) const {
    const auto& operands = about.options.operands();
    auto out = "Usage: " + name_ + ' ' + about.name + " [OPTIONS]" + (operands.taken() ? ' ' + operands.usage() : "") +
               "\n\n" + wrapped(about.summary, 0);
    if (operands.taken()) out.append("\n  ").append(operands.usage()).append("\n").append(wrapped(operands.description, 6));
    out += option_help(about.options);
    if (!about.options.examples().empty()) out += "\nExamples:\n";
    for (const auto& [call, what] : about.options.examples()) {
        out.append("  ").append(name_).append(" ").append(call).append("\n").append(wrapped(what, 6));
    }
    return out + std::string{common_help};
}

std::string program::markdown() const {
    std::string out;
    for (const auto& known : commands_) {
        out.append(out.empty() ? "" : "\n").append("### `" + name_ + ' ' + known.name + "`\n\n" + known.summary + '\n');
        const auto& first = *std::ranges::find_if(
            commands_, [&](const auto& c) { return markdown_rows(c.options) == markdown_rows(known.options); });
        if (&first != &known) {
            out.append("\nTakes the options of `" + name_ + ' ' + first.name + "`.\n");
            continue;
        }
        for (const auto& group : groups_of(known.options)) {
            out.append("\n**" + group + "**\n\n| flag | environment | default | what |\n| --- | --- | --- | --- |\n");
            for (const auto& option : known.options.options()) {
                if (option.group == group) out.append(markdown_row(option));
            }
        }
    }
    return out;
}

std::string effective_settings(const option_set& options) {
    std::string out;
    for (const auto& option : options.options()) {
        std::string values;
        std::vector<std::string> places;
        for (const auto& given : option.given) {
            values += (values.empty() ? "" : ",") + (option.hidden ? "(hidden)" : without_passwords(given.value));
            if (places.empty() || places.back() != given.where) places.push_back(given.where);
        }
        out += option.name + " = " + (option.given.empty() ? default_of(option) : values) + "  (";
        for (const auto& place : places) out += (&place == &places.front() ? "" : ", ") + place;
        out += places.empty() ? "default)\n" : ")\n";
    }
    return out;
}

}  // namespace stagedoor::config
