// Request targets: the path with its escapes resolved, the query as name and value pairs. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/core/errc.hpp"

namespace stagedoor::http {

// Our longest list takes four parameters; leaves room for what trackers add to links.
inline constexpr std::size_t query_parameters = 32;

enum class plus_sign : bool { literal, space };

// Appends `text` with %XX resolved. False when an escape is malformed, or the outcome is not UTF-8 or holds a control
// character; `out` is then unspecified.
bool append_percent_decoded(std::string& out, std::string_view text, plus_sign plus);

// A request target in origin-form or absolute-form (RFC 9112 section 3.2), taken apart.
struct target {
    std::string path;        // escapes resolved, begins with '/'
    std::string_view query;  // as sent, without '?'; a view into the text
};
// Fills `out`, reusing its memory. False when `text` is neither form, is not ASCII, hides a '/' or a control character
// behind an escape, has a fragment, or its path is not UTF-8 or has a dot segment or a backslash, which a gateway may
// have read in another way.
bool parse_target(std::string_view text, target& out);

// The parameters of a query, application/x-www-form-urlencoded as browsers write it.
class query {
public:
    // Errors: errc::bad_request: malformed escapes, not UTF-8, control characters, too many parameters.
    static result<query> parse(std::string_view text);

    // The first value called `name`; nothing when there is none.
    std::optional<std::string_view> find(std::string_view name) const noexcept;

    const std::vector<std::pair<std::string, std::string>>& all() const noexcept { return pairs_; }

private:
    std::vector<std::pair<std::string, std::string>> pairs_;
};

}  // namespace stagedoor::http
