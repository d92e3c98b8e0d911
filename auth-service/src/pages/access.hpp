// Who may see which page: one pure function over all pages and all visitors.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/core/user.hpp"

namespace stagedoor::pages {

enum class page : std::uint8_t { root, login, registration, pending, dashboard, admin, account };

inline constexpr std::array all_pages{page::root,      page::login, page::registration, page::pending,
                                      page::dashboard, page::admin, page::account};

std::string_view path_of(page which) noexcept;

// Who asks, as their session says now. Nothing: signed out.
struct visitor {
    user_role role;
    user_status status;
};

// Where this visitor belongs; what `redirectUrl` says.
page home_of(const std::optional<visitor>& who) noexcept;

// The page to go to instead, or nothing when `which` is served. A pending person is let onto the dashboard page: it
// refreshes the session first, and goes on to the pending page if the answer still is pending.
std::optional<page> redirect_from(page which, const std::optional<visitor>& who) noexcept;

}  // namespace stagedoor::pages
