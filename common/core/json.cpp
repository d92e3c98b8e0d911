#include "common/core/json.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "common/core/limits.hpp"

namespace stagedoor {

void append_json_string(std::string& out, std::string_view text) {
    static constexpr std::string_view hex = "0123456789abcdef";
    out.push_back('"');
    std::size_t plain = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        out.append(text.substr(plain, i - plain));
        plain = i + 1;
        switch (c) {
            case '"': out.append("\\\""); break;
            case '\\': out.append("\\\\"); break;
            case '\n': out.append("\\n"); break;
            case '\r': out.append("\\r"); break;
            case '\t': out.append("\\t"); break;
            default:
                out.append("\\u00");
                out.push_back(hex[c >> 4]);
                out.push_back(hex[c & 15]);
        }
    }
    out.append(text.substr(plain));
    out.push_back('"');
}

std::size_t count_chars(std::string_view text) noexcept {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool has_control_chars(std::string_view text) noexcept {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c < 0x20 || c == 0x7f) return true;
        // U+0080..U+009F are C2 80..C2 9F.
        if (c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return true;
    }
    return false;
}

std::string_view trim(std::string_view text) noexcept {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

namespace {

// Of all objects in `text`, which is JSON: each member has one colon outside of strings.
std::size_t count_members(std::string_view text) noexcept {
    std::size_t members = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') in_string = !in_string;
        if (in_string && text[i] == '\\') ++i;
        if (!in_string && text[i] == ':') ++members;
    }
    return members;
}

std::size_t count_members(const boost::json::value& value) noexcept {
    std::size_t members = 0;
    if (const auto* const object = value.if_object()) {
        members = object->size();
        for (const auto& member : *object) members += count_members(member.value());
    } else if (const auto* const array = value.if_array()) {
        for (const auto& element : *array) members += count_members(element);
    }
    return members;
}

// `value` as an array of at most `most` of `what`, each of which `fits`; else null, and a complaint.
const boost::json::array* array_of(body_reader& body, std::string_view name, const boost::json::value& value,
                                   std::string_view what, bool (*fits)(const boost::json::value&), std::size_t most) {
    const auto* const array = value.if_array();
    if (!array || !std::ranges::all_of(*array, fits)) {
        body.complain(name, "has to be an array of " + std::string{what});
        return nullptr;
    }
    if (array->size() > most) {
        body.complain(name, "may have at most " + std::to_string(most) + " entries");
        return nullptr;
    }
    return array;
}

}  // namespace

result<body_reader> body_reader::parse(std::string_view text) {
    if (text.empty()) return body_reader{{}};
    boost::json::parse_options options;
    options.max_depth = limits::json_depth;
    boost::json::error_code failed;
    auto document = boost::json::parse(text, failed, {}, options);
    if (failed || !document.is_object()) return errc::malformed_json;
    // Of two members of one name others may take the other one (RFC 8259 section 4): that is malformed as well.
    if (count_members(text) != count_members(document)) return errc::malformed_json;
    return body_reader{std::move(document.as_object())};
}

const boost::json::value* body_reader::take(std::string_view name) {
    known_.push_back(name);
    return object_.if_contains(name);
}

std::string body_reader::text(std::string_view name, bounds chars) {
    auto value = optional_text(name, chars);
    if (value) return std::move(*value);
    const bool told = std::ranges::find(errors_, name, &field_error::field) != errors_.end();
    if (!told) complain(name, "is required");
    return {};
}

std::optional<std::string> body_reader::optional_text(std::string_view name, bounds chars) {
    const auto* const value = take(name);
    if (!value || value->is_null()) return std::nullopt;
    const auto* const string = value->if_string();
    if (!string) {
        complain(name, "has to be a string");
        return std::nullopt;
    }
    const auto size = count_chars({string->data(), string->size()});
    if (size < chars.min) {
        complain(name, chars.min == 1 ? "must not be empty"
                                      : "has to have at least " + std::to_string(chars.min) + " characters");
        return std::nullopt;
    }
    if (size > chars.max) {
        complain(name, "may have at most " + std::to_string(chars.max) + " characters");
        return std::nullopt;
    }
    return std::string{*string};
}

std::optional<std::int64_t> body_reader::optional_integer(std::string_view name) {
    const auto* const value = take(name);
    if (!value || value->is_null()) return std::nullopt;
    if (const auto* const integer = value->if_int64()) return *integer;
    complain(name, "has to be an integer");
    return std::nullopt;
}

std::optional<std::vector<std::string_view>> body_reader::texts(std::string_view name, std::size_t most) {
    const auto* const value = take(name);
    if (!value) {
        complain(name, "is required");
        return std::nullopt;
    }
    const auto is_text = [](const boost::json::value& each) { return each.is_string(); };
    const auto* const array = array_of(*this, name, *value, "strings", is_text, most);
    if (!array) return std::nullopt;
    std::vector<std::string_view> given;
    given.reserve(array->size());
    for (const auto& each : *array) given.emplace_back(each.get_string().data(), each.get_string().size());
    return given;
}

std::optional<std::vector<std::int64_t>> body_reader::optional_integers(std::string_view name, std::size_t most) {
    const auto* const value = take(name);
    if (!value || value->is_null()) return std::nullopt;
    const auto is_integer = [](const boost::json::value& each) { return each.is_int64(); };
    const auto* const array = array_of(*this, name, *value, "integers", is_integer, most);
    if (!array) return std::nullopt;
    std::vector<std::int64_t> given;
    given.reserve(array->size());
    for (const auto& each : *array) given.push_back(each.get_int64());
    return given;
}

void body_reader::complain(std::string_view name, std::string_view message) {
    errors_.push_back({std::string{name}, std::string{message}});
}

bool body_reader::finish() {
    for (const auto& member : object_) {
        if (std::ranges::find(known_, std::string_view{member.key()}) == known_.end()) {
            complain(member.key(), "is not a known field");
        }
    }
    return errors_.empty();
}

}  // namespace stagedoor
