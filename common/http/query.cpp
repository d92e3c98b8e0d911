#include "common/http/query.hpp"

#include <algorithm>

#include "common/core/json.hpp"
#include "common/http/field.hpp"
#include "common/http/utf8.hpp"

namespace stagedoor::http {
namespace {

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// The text from the first '/' after the authority of an absolute-form, or all of an origin-form; "" for neither.
std::string_view origin_form(std::string_view text) noexcept {
    if (text.starts_with('/')) return text;
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!text.starts_with(scheme)) continue;
        const auto slash = text.find('/', scheme.size());
        if (slash == std::string_view::npos) return {};
        return is_host_and_port(text.substr(scheme.size(), slash - scheme.size())) ? text.substr(slash)
                                                                                   : std::string_view{};
    }
    return {};
}

// Segments that whoever stands before us may have resolved, and a slash that some take for one.
bool has_dot_segment_or_backslash(std::string_view path) noexcept {
    if (path.find('\\') != std::string_view::npos) return true;
    for (auto at = path.find("/."); at != std::string_view::npos; at = path.find("/.", at + 1)) {
        const auto segment = path.substr(at + 1, path.find('/', at + 1) - at - 1);
        if (segment == "." || segment == "..") return true;
    }
    return false;
}

}  // namespace

bool append_percent_decoded(std::string& out, std::string_view text, plus_sign plus) {
    const auto start = out.size();
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            if (i + 2 >= text.size()) return false;
            const int high = hex_digit(text[i + 1]);
            const int low = hex_digit(text[i + 2]);
            if (high < 0 || low < 0) return false;
            out.push_back(static_cast<char>(high * 16 + low));
            i += 2;
        } else {
            out.push_back(text[i] == '+' && plus == plus_sign::space ? ' ' : text[i]);
        }
    }
    const auto decoded = std::string_view{out}.substr(start);
    return is_utf8(decoded) && !has_control_chars(decoded);
}

bool parse_target(std::string_view text, target& out) {
    const auto form = origin_form(text);
    if (form.empty()) return false;
    bool escaped = false;
    auto end = form.size();
    for (std::size_t i = 0; i < form.size(); ++i) {
        const auto c = static_cast<unsigned char>(form[i]);
        if (c <= 0x20 || c >= 0x7f || c == '#') return false;
        if (c == '?' && end == form.size()) end = i;
        if (c == '%' && i < end) escaped = true;
    }
    const auto path = form.substr(0, end);
    out.query = end == form.size() ? std::string_view{} : form.substr(end + 1);
    if (!escaped) {
        out.path.assign(path);
        return !has_dot_segment_or_backslash(path);
    }
    out.path.clear();
    if (!append_percent_decoded(out.path, path, plus_sign::literal)) return false;
    // An escaped slash would be one segment here and two for whoever stands before us.
    return std::ranges::count(out.path, '/') == std::ranges::count(path, '/') &&
           !has_dot_segment_or_backslash(out.path);
}

result<query> query::parse(std::string_view text) {
    query parsed;
    while (!text.empty()) {
        const auto pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(pair.size() + 1, text.size()));
        if (pair.empty()) continue;
        if (parsed.pairs_.size() == query_parameters) return errc::bad_request;
        const auto equals = pair.find('=');
        const auto value = equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
        auto& [name_out, value_out] = parsed.pairs_.emplace_back();
        if (!append_percent_decoded(name_out, pair.substr(0, equals), plus_sign::space)) return errc::bad_request;
        if (!append_percent_decoded(value_out, value, plus_sign::space)) return errc::bad_request;
    }
    return parsed;
}

std::optional<std::string_view> query::find(std::string_view name) const noexcept {
    for (const auto& [each, value] : pairs_) {
        if (each == name) return value;
    }
    return std::nullopt;
}

}  // namespace stagedoor::http
