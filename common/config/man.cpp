// The manual page, from the definitions: man(7) macros, as `man -l` and groff read them.
#include <algorithm>

#include "common/config/program.hpp"

namespace stagedoor::config {
namespace {

// groff takes a line that begins with a dot or a quote for a request, `\` for an escape and `-` for a hyphen.
std::string roff(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool begins_line = i == 0 || text[i - 1] == '\n';
        if (begins_line && (text[i] == '.' || text[i] == '\'')) out += "\\&";
        if (text[i] == '\\') {
            out += "\\e";
        } else if (text[i] == '-') {
            out += "\\-";
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string bold(std::string_view text) { return "\\fB" + roff(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + roff(text) + "\\fR"; }

std::string paragraphs(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto end = std::min(text.find("\n\n"), text.size());
        out.append(out.empty() ? "" : ".PP\n").append(roff(text.substr(0, end))).append("\n");
        text.remove_prefix(std::min(end + 2, text.size()));
    }
    return out;
}

std::string tagged(const std::string& tag, std::string_view text) { return ".TP\n" + tag + "\n" + roff(text) + "\n"; }

std::string entry_of(const option& about) {
    auto text = about.description;
    if (!about.default_text.empty()) text += " Default: " + about.default_text + '.';
    if (!about.flag_only) text += " Environment: " + about.environment_name() + '.';
    return tagged(bold("--" + about.name) + (about.value_name.empty() ? "" : ' ' + italic(about.value_name)), text);
}

// Told once for all commands, not with each.
bool is_everywhere(const option& about, const std::deque<command>& commands) {
    return std::ranges::all_of(commands, [&](const command& c) { return c.options.find(about.name) != nullptr; });
}

std::string entry_of(const command& about, const std::string& program, const std::deque<command>& commands) {
    const auto& operands = about.options.operands();
    auto out = ".SS " + bold(program + ' ' + about.name) + (operands.taken() ? ' ' + italic(operands.usage()) : "") + "\n" +
               roff(about.summary) + "\n";
    if (operands.taken()) out += tagged(italic(operands.usage()), operands.description);
    for (const auto& option : about.options.options()) {
        if (!is_everywhere(option, commands)) out += entry_of(option);
    }
    for (const auto& [call, what] : about.options.examples()) {
        out += ".PP\n.RS\n.nf\n" + bold(program + ' ' + call) + "\n.fi\n" + roff(what) + "\n.RE\n";
    }
    return out;
}

}  // namespace

std::string program::man() const {
    std::string upper;
    for (const char c : name_) upper += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;

    auto out = ".TH " + roff(upper) + " 1 \"\" \"Stagedoor " STAGEDOOR_VERSION "\"\n.SH NAME\n" + roff(name_) + " \\- " +
               roff(summary_) + "\n.SH SYNOPSIS\n" + bold(name_) + ' ' + italic("COMMAND") + " [" + italic("OPTIONS") +
               "]\n.SH COMMANDS\n";
    for (const auto& known : commands_) out += entry_of(known, name_, commands_);
    out += ".SH OPTIONS\nThese belong to every command.\n";
    if (!commands_.empty()) {
        for (const auto& option : commands_.front().options.options()) {
            if (is_everywhere(option, commands_)) out += entry_of(option);
        }
    }
    out += tagged(bold("--config") + ' ' + italic("FILE"),
                  "Reads options from a file of lines `name = value`. Flags count before the environment, the "
                  "environment before the file. Environment: STAGEDOOR_CONFIG.");
    out += tagged(bold("--help") + ", " + bold("--version"), "Print and leave.");
    for (const auto& [title, text] : sections_) out += ".SH " + roff(title) + "\n" + paragraphs(text);
    return out;
}

}  // namespace stagedoor::config
