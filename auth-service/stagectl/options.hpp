// The options of stagectl's commands, each defined once: --help, the manual, completion and the documents come from here.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "auth-service/stagectl/terminal.hpp"
#include "common/config/option_set.hpp"
#include "common/config/program.hpp"

namespace stagedoor::ctl {

enum class output_format { table, json };

// What every command takes.
struct common_options {
    std::string server;  // "": that of the last login
    config::secret token;
    std::filesystem::path ca_file;
    std::filesystem::path credentials;
    output_format output = output_format::table;
    colour_use colour = colour_use::automatic;
    std::chrono::milliseconds timeout{};
};

struct login_options {
    std::string email;
    bool password_stdin = false;
    bool token_stdin = false;
};

struct list_options {
    std::string status;
    std::string search;
    std::size_t limit = 0;
};

// approve, reject, reconsider, suspend, reinstate
struct decision_options {
    std::vector<std::string> who;
    std::filesystem::path file;
    bool all_pending = false;
    bool yes = false;
    std::string reason;
    std::chrono::milliseconds wait_delivered{};  // 0: does not wait
    std::chrono::milliseconds patience{};
    std::size_t batch = 0;
};

struct audit_options {
    std::string who;
    std::string actor;
    std::string action;
    std::string since;
    std::string until;
    std::size_t limit = 0;
};

struct sessions_options {
    std::vector<std::string> who;
    std::string end;
    bool end_all = false;
    bool yes = false;
};

struct tokens_options {
    std::vector<std::string> what;  // create NAME | revoke ID; nothing: list
    std::string scope;
    std::size_t days = 0;
};

struct events_options {
    std::vector<std::string> ids;
    bool parked = false;
};

struct watch_options {
    std::string notify_url;
    std::size_t count = 0;
};

struct doctor_options {
    std::string ops_url;
    std::string notify_ops_url;
};

struct options {
    common_options common;
    login_options login;
    list_options list;
    std::vector<std::string> show;
    decision_options decision;
    audit_options audit;
    sessions_options sessions;
    tokens_options tokens;
    events_options events;
    watch_options watch;
    doctor_options doctor;
    std::vector<std::string> shell;
};

// The program with all its commands, whose values go to `into`, which outlives it.
void define(config::program& program, options& into);

}  // namespace stagedoor::ctl
