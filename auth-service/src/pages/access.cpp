#include "auth-service/src/pages/access.hpp"

namespace stagedoor::pages {
namespace {

// A suspended account has no living session: whoever seems to have one is on the way to losing it.
bool is_signed_in(const std::optional<visitor>& who) noexcept {
    return who && who->status != user_status::suspended;
}

bool may_see(page which, const std::optional<visitor>& who) noexcept {
    const bool manager = is_signed_in(who) && who->role == user_role::stage_manager;
    switch (which) {
        case page::root: return false;
        case page::login:
        case page::registration: return !is_signed_in(who);
        case page::pending:
            return is_signed_in(who) && (who->status == user_status::pending || who->status == user_status::rejected);
        case page::dashboard:
            return manager && (who->status == user_status::active || who->status == user_status::pending);
        case page::admin:
            return is_signed_in(who) && who->role == user_role::admin && who->status == user_status::active;
        case page::account: return is_signed_in(who);  // whoever can sign in can also sign out elsewhere
    }
    return false;
}

}  // namespace

std::string_view path_of(page which) noexcept {
    switch (which) {
        case page::root: return "/";
        case page::login: return "/login";
        case page::registration: return "/register";
        case page::pending: return "/stage-manager-pending";
        case page::dashboard: return "/stage-manager";
        case page::admin: return "/admin";
        case page::account: return "/account";
    }
    return "/";
}

page home_of(const std::optional<visitor>& who) noexcept {
    if (!is_signed_in(who)) return page::login;
    if (who->status != user_status::active) return page::pending;
    return who->role == user_role::admin ? page::admin : page::dashboard;
}

std::optional<page> redirect_from(page which, const std::optional<visitor>& who) noexcept {
    if (may_see(which, who)) return std::nullopt;
    return home_of(who);
}

}  // namespace stagedoor::pages
