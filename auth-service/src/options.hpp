// The options of auth-service's commands, each defined once: --help and the documents come from here.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "auth-service/src/admin/api_token.hpp"
#include "auth-service/src/limits/limit_kind.hpp"
#include "common/config/option_set.hpp"
#include "common/core/limits.hpp"
#include "common/obs/log.hpp"
#include "common/session/session_policy.hpp"

namespace stagedoor {

struct serve_options {
    config::listen_address listen;
    config::listen_address ops_listen;
    std::vector<std::string> allowed_origins;
    std::vector<std::string> trusted_proxies;
    std::string notify_url;
    std::string redis_url;
    config::secret redis_password;
    std::string redis_prefix;
    std::string database_url;
    std::chrono::milliseconds outbox_retention{};
    std::filesystem::path session_key_file;
    std::string cookie_domain;
    std::string clear_site_data;  // the field's value; empty: it is not sent
    session::timeouts timeouts;
    std::size_t sessions_per_user = limits::sessions_per_user_default;
    std::size_t session_cache = 0;  // bytes; 0: off
    rate_limit::rates limits;
    std::size_t threads = 1;
    std::size_t hash_threads = 1;
    std::chrono::milliseconds drain_time{};
    obs::log::format log_format = obs::log::format::text;
    obs::log::level log_level = obs::log::level::info;
};
void add_serve_options(config::option_set& set, serve_options& o);

struct migrate_options {
    std::string database_url;
};
void add_migrate_options(config::option_set& set, migrate_options& o);

struct create_admin_options {
    std::string database_url;
    std::string email;
    std::string display_name;
    bool password_stdin = false;
};
void add_create_admin_options(config::option_set& set, create_admin_options& o);

struct create_token_options {
    std::string database_url;
    std::string email;
    std::string name;
    admin::token_scope scope = admin::token_scope::read;
    std::chrono::milliseconds life{};
};
void add_create_token_options(config::option_set& set, create_token_options& o);

struct after_restore_options {
    std::string database_url;
};
void add_after_restore_options(config::option_set& set, after_restore_options& o);

// The path in `sqlite:PATH`.
std::string sqlite_path(const std::string& database_url);

}  // namespace stagedoor
