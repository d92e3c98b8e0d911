#include "auth-service/src/http/people.hpp"

#include <algorithm>

#include "auth-service/src/user/email.hpp"
#include "auth-service/src/user/password_policy.hpp"
#include "common/core/limits.hpp"
#include "common/core/secrets.hpp"

namespace stagedoor::api {
namespace {

constexpr body_reader::bounds name_bounds{1, limits::display_name_chars};

std::string checked_display_name(body_reader& body, std::string_view given) {
    const auto name = trim(given);
    if (name.empty()) {
        body.complain("displayName", "must not be empty");
        return {};
    }
    if (has_control_chars(name)) {
        body.complain("displayName", "must not contain control characters");
        return {};
    }
    return std::string{name};
}

}  // namespace

std::string read_email(body_reader& body) {
    const auto given = body.text("email", {1, limits::email_bytes});
    if (given.empty()) return {};
    auto email = user::normalise_email(given);
    if (!email) {
        body.complain("email", "has to be an e-mail address like name@example.com");
        return {};
    }
    return std::move(*email);
}

std::string read_new_password(body_reader& body, std::string_view name, std::string_view email) {
    auto password = body.text(name, {limits::password_min_chars, limits::password_max_chars});
    if (password.empty()) return {};
    const auto complaint = user::complaint_about(password, email);
    if (!complaint) return password;
    body.complain(name, *complaint);
    wipe(password);
    return {};
}

std::string read_display_name(body_reader& body) {
    const auto given = body.text("displayName", name_bounds);
    return given.empty() ? std::string{} : checked_display_name(body, given);
}

std::optional<std::string> read_optional_display_name(body_reader& body) {
    const auto given = body.optional_text("displayName", name_bounds);
    if (!given) return std::nullopt;
    return checked_display_name(body, *given);
}

std::optional<std::string> read_optional_line(body_reader& body, std::string_view name, std::size_t max_chars) {
    auto given = body.optional_text(name, {0, max_chars});
    if (given && has_control_chars(*given)) body.complain(name, "must not contain control characters");
    return given;
}

std::optional<std::string> read_optional_text(body_reader& body, std::string_view name, std::size_t max_chars) {
    auto given = body.optional_text(name, {0, max_chars});
    if (!given) return std::nullopt;
    std::string without_layout;
    std::ranges::copy_if(*given, std::back_inserter(without_layout),
                         [](char c) { return c != '\n' && c != '\r' && c != '\t'; });
    if (has_control_chars(without_layout)) body.complain(name, "must not contain control characters");
    return given;
}

}  // namespace stagedoor::api
