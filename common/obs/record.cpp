#include "common/obs/record.hpp"

#include <algorithm>
#include <array>
#include <variant>

#include "common/obs/escape.hpp"

namespace stagedoor::obs::log {
namespace {

constexpr std::size_t usual_line_bytes = 256;

std::string_view name_of(level severity) {
    static constexpr std::array<std::string_view, 5> names{"debug", "info", "warn", "error", "off"};
    return names[static_cast<std::size_t>(severity)];
}

void append_cut(std::string& out, std::string_view text, quotes quoting) {
    const auto kept = cut_at_character(text, value_bytes);
    append_escaped(out, text.substr(0, kept), quoting);
    if (kept < text.size()) out.append("…");
}

void append_quoted(std::string& out, std::string_view text) {
    out.push_back('"');
    append_cut(out, text, quotes::escape);
    out.push_back('"');
}

// What a shell takes as one word stands as it is in the text format.
bool is_word(std::string_view text) {
    const auto is_plain = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view{"-_./:+,@%"}.find(c) != std::string_view::npos;
    };
    return !text.empty() && text.size() <= value_bytes && std::ranges::all_of(text, is_plain);
}

struct append_value {
    std::string& out;
    format wanted;

    void operator()(std::string_view text) const {
        if (wanted == format::text && is_word(text)) {
            out.append(text);
        } else {
            append_quoted(out, text);
        }
    }
    void operator()(bool truth) const { out.append(truth ? "true" : "false"); }
    void operator()(std::int64_t number) const { out.append(std::to_string(number)); }
    void operator()(std::uint64_t number) const { out.append(std::to_string(number)); }
};

void append_text_event(std::string& out, std::string_view event, std::span<const field> fields) {
    append_cut(out, event, quotes::leave);
    for (const auto& field : fields) {
        out.push_back(' ');
        append_cut(out, field.key(), quotes::leave);
        out.push_back('=');
        std::visit(append_value{out, format::text}, field.value());
    }
}

void append_json_event(std::string& out, std::string_view event, std::span<const field> fields) {
    out.append(R"(,"event":)");
    append_quoted(out, event);
    for (const auto& field : fields) {
        out.push_back(',');
        append_quoted(out, field.key());
        out.push_back(':');
        std::visit(append_value{out, format::json}, field.value());
    }
}

std::string begin(format wanted, instant at, level severity) {
    static constexpr std::size_t level_width = 6;  // of the longest level and a space, so that lines stand in columns
    std::string out;
    out.reserve(usual_line_bytes);
    const auto name = name_of(severity);
    if (wanted == format::json) {
        out.append(R"({"time":")").append(format_rfc3339(at)).append(R"(","level":")").append(name).append("\"");
    } else {
        out.append(format_rfc3339(at)).append(" ").append(name).append(level_width - name.size(), ' ');
    }
    return out;
}

}  // namespace

std::string line_of_event(format wanted, instant at, level severity, std::string_view event,
                          std::span<const field> fields) {
    auto out = begin(wanted, at, severity);
    if (wanted == format::json) {
        append_json_event(out, event, fields);
        return out.append("}\n");
    }
    append_text_event(out, event, fields);
    return out.append("\n");
}

std::string line_of_message(format wanted, instant at, level severity, std::string_view message) {
    auto out = begin(wanted, at, severity);
    if (wanted == format::json) {
        out.append(R"(,"message":)");
        append_quoted(out, message);
        return out.append("}\n");
    }
    append_cut(out, message, quotes::leave);
    return out.append("\n");
}

std::string text_of_event(std::string_view event, std::span<const field> fields) {
    std::string out;
    append_text_event(out, event, fields);
    return out;
}

}  // namespace stagedoor::obs::log
