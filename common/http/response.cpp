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

// RFC 6750 for API tokens; else a scheme that browsers do not ask people about. "" where there is nothing to ask for.
std::string challenge_of(errc error) {
    if (error == errc::token_invalid || error == errc::token_expired || error == errc::token_revoked) {
        return "Bearer realm=\"stagedoor\", error=\"invalid_token\"";
    }
    if (error == errc::insufficient_scope) return "Bearer realm=\"stagedoor\", error=\"insufficient_scope\"";
    if (problem_of(error).status != 401) return {};
    return "Session realm=\"stagedoor\", error=\"" + std::string{problem_of(error).code} + "\"";
}

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
    if (made.status_ == 429 || made.status_ == 503 || retry_after) {
        made.add("Retry-After", std::to_string(retry_after.value_or(default_retry).count()));
    }
    if (auto challenge = challenge_of(error); !challenge.empty()) made.add("WWW-Authenticate", std::move(challenge));
    return made;
}

response response::problem_with(errc error, std::string detail, std::string members) {
    auto made = problem(error, std::move(detail));
    made.problem_->members = std::move(members);
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
