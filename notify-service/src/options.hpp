// What an operator may set: one table that the command line, the environment, the config file, the help and the
// documents are made from.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "common/config/listen_address.hpp"
#include "common/config/option_set.hpp"
#include "common/config/secret.hpp"
#include "common/obs/log.hpp"

namespace stagedoor::notify {

struct serve_options {
    config::listen_address listen;
    config::listen_address ops_listen;
    std::vector<std::string> origins;  // the first one names the session cookie
    std::vector<std::string> proxies;
    std::size_t threads = 1;

    std::string redis_url;
    config::secret redis_password;
    std::string redis_prefix;

    std::filesystem::path key_file;  // empty: session records prove the tokens
    std::string cookie_domain;
    std::chrono::milliseconds session_idle{};

    std::chrono::milliseconds heartbeat{};
    std::chrono::milliseconds drain{};
    std::size_t max_sockets = 0;
    std::size_t sockets_per_user = 0;
    std::size_t sockets_per_network = 0;

    obs::log::format log_format = obs::log::format::text;
    obs::log::level log_level = obs::log::level::info;
};

// `into` outlives the set.
void add_serve_options(config::option_set& set, serve_options& into);

}  // namespace stagedoor::notify
