// The command line of a program: its commands with their options, read from flags, environment and config file.
// Precedence: flag, environment, config file, default. Everything that is wrong is told at once. Used by main only.
//
//     program auth{"auth-service", "Accounts, sessions and approvals."};
//     add_serve_options(auth.command("serve", "Runs the service."), serve);
//     add_migrate_options(auth.command("migrate", "Brings the database's schema up to date."), migrate);
//     const auto chosen = auth.parse(argc, argv);
//     if (chosen.command.empty()) return chosen.print();
//     if (chosen.command == "serve") return run(serve);
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "common/config/option_set.hpp"
#include "common/config/sources.hpp"

namespace stagedoor::config {

inline constexpr int exit_usage = 2;  // the exit code of a start that was stopped by its options

// What the command line asks for.
struct invocation {
    std::string command;  // the command to run, its options in place; empty: print and exit
    std::string text;
    int exit_code = 0;

    // Writes the text to stdout, or to stderr when something was wrong; returns the exit code.
    int print() const;
};

// Where values come from besides the flags; a test puts its own in their place.
struct surroundings {
    std::map<std::string, std::string, std::less<>> environment;
    // The whole text of a file, or nothing when it cannot be read.
    std::function<std::optional<std::string>(const std::string& path)> read_file;

    static surroundings of_process();
};

struct command {
    std::string name;
    std::string summary;
    option_set options;
};

class program {
public:
    program(std::string name, std::string summary) : name_{std::move(name)}, summary_{std::move(summary)} {}

    // What the manual says after the commands: a heading and paragraphs with empty lines between them.
    void section(std::string title, std::string text) { sections_.emplace_back(std::move(title), std::move(text)); }
    // A new command; its options are the caller's to add, and stay where they are.
    option_set& command(std::string name, std::string summary);

    invocation parse(int argc, const char* const* argv);
    // `arguments` without the program's name.
    invocation parse(std::span<const std::string> arguments, const surroundings& around);

    std::string overview() const;
    std::string help(const config::command& about) const;
    // Every command's options as Markdown tables, for the documents.
    std::string markdown() const;
    // The manual page, in the man macros of groff.
    std::string man() const;
    // The completion script of `shell`: bash, zsh or fish; nothing for another one.
    std::optional<std::string> completion(std::string_view shell) const;

    const std::string& name() const noexcept { return name_; }
    const std::deque<config::command>& commands() const noexcept { return commands_; }
    // For options that all of them have.
    std::deque<config::command>& commands() noexcept { return commands_; }
    const config::command* find(std::string_view name) const noexcept;

private:
    config::command* command_named(std::string_view name) noexcept;
    invocation unknown_command(std::string_view name) const;
    invocation failed(const std::string& what) const;
    std::array<given_values, 3> gather(const config::command& chosen, std::span<const std::string> flags,
                                       const surroundings& around, std::vector<std::string>& operands,
                                       problems& wrong) const;
    invocation run(config::command& chosen, std::span<const std::string> flags, const surroundings& around);

    std::string name_;
    std::string summary_;
    std::deque<config::command> commands_;
    std::vector<std::pair<std::string, std::string>> sections_;
};

// One line per option: name, value in force and where it came from; hidden values are not shown. For check-config.
std::string effective_settings(const option_set& options);

}  // namespace stagedoor::config
