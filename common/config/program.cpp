#include "common/config/program.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "common/config/wording.hpp"

namespace stagedoor::config {
namespace {

std::vector<std::string> names_of(const auto& range) {
    std::vector<std::string> names;
    for (const auto& item : range) names.push_back(item.name);
    return names;
}

bool asks_for(std::span<const std::string> arguments, std::string_view flag, std::string_view short_flag = {}) {
    return std::ranges::any_of(arguments, [&](std::string_view a) {
        return a == flag || (!short_flag.empty() && a == short_flag);
    });
}

std::optional<std::string> read_whole_file(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file || std::filesystem::is_directory(path)) return std::nullopt;
    return std::string{std::istreambuf_iterator<char>{file}, {}};
}

bool has_option(const command& of, std::string_view name) { return of.options.find(name) != nullptr; }

bool has_variable(const command& of, std::string_view variable) {
    return std::ranges::any_of(of.options.options(),
                               [&](const option& o) { return !o.flag_only && o.environment_name() == variable; });
}

void take_operands(const operands& wanted, std::vector<std::string> given, problems& wrong) {
    if (given.size() > wanted.max) {
        wrong.push_back("unexpected argument " + in_quotes(given[wanted.max]) +
                        (wanted.taken() ? "; it takes at most " + std::to_string(wanted.max) : std::string{}));
    }
    if (given.size() < wanted.min) wrong.push_back(wanted.name + " is missing: " + wanted.description);
    if (wanted.taken()) *wanted.target = std::move(given);
}

}  // namespace

int invocation::print() const {
    (exit_code == 0 ? std::cout : std::cerr) << text << std::flush;
    return exit_code;
}

surroundings surroundings::of_process() {
    surroundings around{.environment = {}, .read_file = read_whole_file};
    for (char** entry = environ; entry && *entry; ++entry) {
        const std::string_view text{*entry};
        const auto equals = text.find('=');
        if (equals != std::string_view::npos)
            around.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return around;
}

option_set& program::command(std::string name, std::string summary) {
    auto& made = commands_.emplace_back();
    made.name = std::move(name);
    made.summary = std::move(summary);
    return made.options;
}

command* program::command_named(std::string_view name) noexcept {
    const auto found = std::ranges::find(commands_, name, &config::command::name);
    return found == commands_.end() ? nullptr : &*found;
}

const command* program::find(std::string_view name) const noexcept {
    const auto found = std::ranges::find(commands_, name, &config::command::name);
    return found == commands_.end() ? nullptr : &*found;
}

invocation program::failed(const std::string& what) const {
    return {.command = {}, .text = name_ + ": " + what + '\n', .exit_code = exit_usage};
}

invocation program::unknown_command(std::string_view name) const {
    return failed("there is no command " + in_quotes(name) + suggestion(name, names_of(commands_)) + "\n`" + name_ +
                  " help` names all commands.");
}

invocation program::parse(int argc, const char* const* argv) {
    const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    return parse(arguments, surroundings::of_process());
}

invocation program::parse(std::span<const std::string> arguments, const surroundings& around) {
    if (arguments.empty()) return {.command = {}, .text = overview(), .exit_code = exit_usage};
    const auto& first = arguments.front();
    const auto rest = arguments.subspan(1);

    if (first == "--version" || first == "version") return {{}, name_ + " " STAGEDOOR_VERSION "\n", 0};
    if (first == "--help-markdown") return {{}, markdown(), 0};
    if (first == "--help-man") return {{}, man(), 0};
    if (first == "--help" || first == "-h" || first == "help") {
        if (rest.empty()) return {{}, overview(), 0};
        const auto* about = find(rest.front());
        return about ? invocation{{}, help(*about), 0} : unknown_command(rest.front());
    }
    if (first.starts_with("-")) {
        return failed("the command comes first: " + name_ + " COMMAND " + in_quotes(first.substr(0, first.find('='))) +
                      " ...");
    }
    auto* chosen = command_named(first);
    if (!chosen) return unknown_command(first);
    if (asks_for(rest, "--help", "-h")) return {{}, help(*chosen), 0};
    if (asks_for(rest, "--version")) return {{}, name_ + " " STAGEDOOR_VERSION "\n", 0};
    return run(*chosen, rest, around);
}

// What is given, by precedence.
std::array<given_values, 3> program::gather(const config::command& chosen, std::span<const std::string> flags,
                                            const surroundings& around, std::vector<std::string>& operands,
                                            problems& wrong) const {
    const auto names = names_of(chosen.options.options());
    std::vector<std::string> variables;
    vocabulary known;
    for (const auto& option : chosen.options.options()) {
        known.options.push_back(&option);
        if (!option.flag_only) variables.push_back(option.environment_name());
    }
    std::filesystem::path file;
    option_set common;
    auto& config = common.add("config", file, path(), {}, "");
    known.options.push_back(&config);

    known.about_unknown = [&](std::string_view name) -> std::optional<std::string> {
        const auto owner = std::ranges::find_if(commands_, [&](const auto& c) { return has_option(c, name); });
        if (owner == commands_.end()) {
            return "unknown option " + in_quotes("--" + std::string{name}) + suggestion(name, names, "--");
        }
        return "--" + std::string{name} + " is an option of `" + owner->name + "`, not of `" + chosen.name + '`';
    };
    auto from_flags = read_flags(flags, known, operands, wrong);

    known.about_unknown = [&](std::string_view variable) -> std::optional<std::string> {
        if (std::ranges::any_of(commands_, [&](const auto& c) { return has_variable(c, variable); })) return {};
        return "unknown environment variable " + in_quotes(variable) + suggestion(variable, variables);
    };
    auto from_environment = read_environment(around.environment, known, wrong);

    assign(config, std::array<const given_values*, 2>{&from_flags, &from_environment}, wrong);
    known.options.pop_back();  // a file does not name another
    known.about_unknown = [&](std::string_view name) -> std::optional<std::string> {
        if (std::ranges::any_of(commands_, [&](const auto& c) { return has_option(c, name); })) return {};
        return "unknown option " + in_quotes(name) + suggestion(name, names);
    };
    given_values from_file;
    if (!file.empty()) {
        const auto text = around.read_file(file.string());
        if (text)
            from_file = read_file(file.string(), *text, known, wrong);
        else
            wrong.push_back(config.given.front().where + ": the file " + in_quotes(file.string()) + " cannot be read");
    }
    return {std::move(from_flags), std::move(from_environment), std::move(from_file)};
}

invocation program::run(config::command& chosen, std::span<const std::string> flags, const surroundings& around) {
    problems wrong;
    std::vector<std::string> operands;
    const auto [from_flags, from_environment, from_file] = gather(chosen, flags, around, operands, wrong);
    take_operands(chosen.options.operands(), std::move(operands), wrong);
    const std::array by_precedence{&from_flags, &from_environment, &from_file};
    for (auto& option : chosen.options.options()) assign(option, by_precedence, wrong);
    if (wrong.empty()) {
        for (const auto& check : chosen.options.constraints()) {
            if (auto complaint = check(); !complaint.empty()) wrong.push_back(std::move(complaint));
        }
    }
    if (wrong.empty()) return {.command = chosen.name, .text = {}, .exit_code = 0};

    std::string text = name_ + ' ' + chosen.name + ": not started, because of its options:\n";
    for (const auto& problem : wrong) text += "  " + problem + '\n';
    return {.command = {},
            .text = text + '`' + name_ + " help " + chosen.name + "` shows what is right.\n",
            .exit_code = exit_usage};
}

}  // namespace stagedoor::config
