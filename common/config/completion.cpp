// Completion scripts for shells, from the definitions: commands first, then the options of the command that stands there.
#include <algorithm>
#include <map>

#include "common/config/program.hpp"

namespace stagedoor::config {
namespace {

// In single quotes, for all three shells.
std::string shell_word(std::string_view text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string{"'\\''"} : std::string(1, c);
    return out + '\'';
}

std::string first_sentence(std::string_view text) {
    const auto end = text.find(". ");
    auto sentence = std::string{text.substr(0, end)};
    if (sentence.ends_with('.')) sentence.pop_back();
    return sentence;
}

std::string function_name(std::string_view program) {
    std::string out = "_";
    for (const char c : program) out += c == '-' ? '_' : c;
    return out;
}

// The values of an option that takes one of a few, with spaces between; "" when it takes others.
std::string choices(const std::string& value_name) {
    if (value_name.find('|') == std::string::npos) return {};
    std::string out = value_name;
    std::ranges::replace(out, '|', ' ');
    return out;
}

// A case for each option that takes one of a few values.
std::string bash_values(const std::deque<command>& commands) {
    std::map<std::string, std::string> few;
    for (const auto& known : commands) {
        for (const auto& option : known.options.options()) {
            if (const auto values = choices(option.value_name); !values.empty()) few["--" + option.name] = values;
        }
    }
    std::string cases;
    for (const auto& [flag, values] : few) {
        cases += "        " + flag + ") mapfile -t COMPREPLY < <(compgen -W " + shell_word(values) + " -- \"$current\"); return ;;\n";
    }
    return cases;
}

std::string bash(const std::string& program, const std::deque<command>& commands) {
    std::string names, cases;
    for (const auto& known : commands) {
        names += (names.empty() ? "" : " ") + known.name;
        std::string flags = "--help";
        for (const auto& option : known.options.options()) flags += " --" + option.name;
        cases += "        " + known.name + ") words=" + shell_word(flags) + " ;;\n";
    }
    const auto function = function_name(program);
    return function + "() {\n"
           "    local current=${COMP_WORDS[COMP_CWORD]} words\n"
           "    if ((COMP_CWORD == 1)); then\n"
           "        mapfile -t COMPREPLY < <(compgen -W " + shell_word(names + " help") + " -- \"$current\")\n"
           "        return\n"
           "    fi\n"
           "    case ${COMP_WORDS[1]} in\n" + cases +
           "        help) words=" + shell_word(names) + " ;;\n"
           "        *) return ;;\n"
           "    esac\n"
           "    case ${COMP_WORDS[COMP_CWORD - 1]} in\n" + bash_values(commands) + "    esac\n"
           "    [[ $current == -* || ${COMP_WORDS[1]} == help ]] || return\n"
           "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
           "}\n"
           "complete -o default -F " + function + ' ' + program + '\n';
}

// Within a description of _arguments brackets and colons mean something.
std::string zsh_text(std::string_view text) {
    std::string out;
    for (const char c : text) out += c == '[' || c == ']' || c == ':' ? std::string{'\\', c} : std::string(1, c);
    return out;
}

std::string zsh_values(const std::string& value_name) {
    const auto few = choices(value_name);
    return ':' + zsh_text(value_name) + ':' + (few.empty() ? "_files" : '(' + few + ')');
}

std::string zsh(const std::string& program, const std::deque<command>& commands) {
    std::string names, cases;
    for (const auto& known : commands) {
        names += "        " + shell_word(known.name + ':' + zsh_text(first_sentence(known.summary))) + '\n';
        cases += "        " + known.name + ")\n            _arguments";
        for (const auto& option : known.options.options()) {
            const auto what = "--" + option.name + (option.value_name.empty() ? "" : "=") + '[' +
                              zsh_text(first_sentence(option.description)) + ']' +
                              (option.value_name.empty() ? "" : zsh_values(option.value_name));
            cases += " \\\n                " + shell_word((option.repeatable ? "*" : "") + what);
        }
        cases += " \\\n                '*::_files' ;;\n";
    }
    const auto function = function_name(program);
    return "#compdef " + program + '\n' + function + "() {\n    local -a commands=(\n" + names +
           "    )\n"
           "    if ((CURRENT == 2)); then\n        _describe command commands\n        return\n    fi\n"
           "    local command=$words[2]\n    shift words\n    ((CURRENT--))\n"
           "    case $command in\n" + cases + "    esac\n}\n"
           "if [[ $funcstack[1] == " + function + " ]]; then " + function + " \"$@\"; else compdef " + function + ' ' +
           program + "; fi\n";
}

std::string fish_values(const std::string& value_name) {
    const auto few = choices(value_name);
    return few.empty() ? " -r" : " -x -a " + shell_word(few);
}

std::string fish(const std::string& program, const std::deque<command>& commands) {
    std::string out = "complete -c " + program + " -n __fish_use_subcommand -f\n";
    for (const auto& known : commands) {
        out += "complete -c " + program + " -n __fish_use_subcommand -a " + known.name + " -d " +
               shell_word(first_sentence(known.summary)) + '\n';
        for (const auto& option : known.options.options()) {
            out += "complete -c " + program + " -n '__fish_seen_subcommand_from " + known.name + "' -l " + option.name +
                   (option.value_name.empty() ? "" : fish_values(option.value_name)) + " -d " + shell_word(first_sentence(option.description)) + '\n';
        }
    }
    return out;
}

}  // namespace

std::optional<std::string> program::completion(std::string_view shell) const {
    if (shell == "bash") return bash(name_, commands_);
    if (shell == "zsh") return zsh(name_, commands_);
    if (shell == "fish") return fish(name_, commands_);
    return std::nullopt;
}

}  // namespace stagedoor::config
