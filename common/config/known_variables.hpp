// Which STAGEDOOR_ variables are nobody's mistake. A start stops at any other, so that a misspelt one is noticed;
// both services may share one environment (or one config file), so each knows the names of the other's options.
#pragma once

#include <array>
#include <string_view>

namespace stagedoor::config {

// The options of all our programs but --config, in alphabetical order. A test compares it with their definitions.
inline constexpr std::array<std::string_view, 49> known_options{
    "allowed-origin", "ca-file", "clear-site-data", "colour", "cookie-domain", "credentials-file", "database-url",
    "display-name", "drain-time", "email", "hash-threads", "heartbeat-interval", "life", "limit-bad-tokens",
    "limit-failed-sign-ins-account", "limit-failed-sign-ins-device", "limit-failed-sign-ins-network",
    "limit-registrations", "limit-sign-ins", "limit-sign-ins-device", "listen", "log-format", "log-level", "max-sockets",
    "name", "notify-ops-url", "notify-url", "ops-listen", "ops-url", "outbox-retention", "output", "password-stdin",
    "redis-password", "redis-prefix", "redis-url", "scope", "server", "session-absolute-timeout", "session-cache",
    "session-idle-timeout", "session-key-file", "session-rotation-grace", "sessions-per-user", "sockets-per-network",
    "sockets-per-user", "threads", "timeout", "token", "trusted-proxy",
};

// Variables that scripts and tests read.
inline constexpr std::array<std::string_view, 3> script_variables{"STAGEDOOR_BUILD_DIR", "STAGEDOOR_SEED",
                                                                  "STAGEDOOR_TEST_LOGS"};

// Whether any of our programs has this option.
bool is_known_option(std::string_view name) noexcept;

// Whether `variable`, which begins with STAGEDOOR_, may be there: an option's, a script's, or one of those that
// Kubernetes and Docker links add for a service whose name begins with "stagedoor" (STAGEDOOR_AUTH_SERVICE_HOST, …).
bool may_be_present(std::string_view variable, std::string_view value);

}  // namespace stagedoor::config
