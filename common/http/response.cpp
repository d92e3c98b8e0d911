#include "common/http/response.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "common/core/json.hpp"

namespace stagedoor::http {
namespace {

constexpr std::chrono::seconds default_retry{1};

struct replaceable {
    std::string_view name;
    response::default_field bit;
};
constexpr std::array replaceables{
    replaceable{"Cache-Control", response::cache_control},
    replaceable{"Content-Security-Policy", response::content_security_policy},
    replaceable{"Cross-Origin-Resource-Policy", response::resource_policy},
};

}  // namespace

response response::json(unsigned status, std::string text) {
    return response::text(status, "application/json", std::move(text));
}

response response::text(unsigned status, std::string_view type, std::string body) {
    response made{status};
    made.type_ = type;
    made.body_ = std::move(body);
    return made;
}

response response::fixed(unsigned status, std::string_view type, std::string_view body) {
    response made{status};
    made.type_ = type;
    made.fixed_body_ = body;
    return made;
}

response response::redirect(std::string location) { return response{303}.add("Location", std::move(location)); }

response response::problem(errc error, std::string detail, std::vector<field_error> errors,
                           std::optional<std::chrono::seconds> retry_after) {
    response made{problem_of(error).status};
    made.type_ = "application/problem+json";
    made.problem_ = std::make_unique<http::problem>(http::problem{error, std::move(detail), std::move(errors)});
    if (made.status_ == 429 || made.status_ == 503) {
        made.add("Retry-After", std::to_string(retry_after.value_or(default_retry).count()));
    }
    // Not a scheme that browsers ask people about.
    if (made.status_ == 401) {
        std::string challenge = "Session realm=\"stagedoor\", error=\"";
        made.add("WWW-Authenticate", challenge.append(problem_of(error).code).append("\""));
    }
    return made;
}

response response::hand_over(unsigned status, std::unique_ptr<takeover> to) {
    response made{status};
    made.takeover_ = std::move(to);
    return made;
}

response& response::add(std::string_view name, std::string value) & {
    // Tabs are allowed in fields (RFC 9110 section 5.5), but none of ours has one.
    if (has_control_chars(value))
        throw std::invalid_argument{"a control character in the value of " + std::string{name}};
    for (const auto& each : replaceables) {
        if (each.name == name) replaced_ = static_cast<std::uint8_t>(replaced_ | each.bit);
    }
    fields_.emplace_back(name, std::move(value));
    return *this;
}

response&& response::add(std::string_view name, std::string value) && {
    add(name, std::move(value));
    return std::move(*this);
}

std::optional<errc> response::error() const noexcept {
    if (!problem_) return std::nullopt;
    return problem_->error;
}

}  // namespace stagedoor::http
