// stagectl's commands: each reads its options, calls the server, prints. What goes wrong is thrown as a failure.
#pragma once

#include "auth-service/stagectl/api.hpp"
#include "auth-service/stagectl/options.hpp"

namespace stagedoor::ctl {

// What a command works with.
struct desk {
    const options& given;
    credential_file& credentials;
    api& server;

    bool as_json() const noexcept { return given.common.output == output_format::json; }
};

// login.cpp
exit_code login(desk& at);
exit_code logout(desk& at);
// look.cpp
exit_code list(desk& at);
exit_code show(desk& at);
exit_code audit(desk& at);
exit_code sessions(desk& at);
// tokens.cpp
exit_code tokens(desk& at);
// events.cpp
exit_code events(desk& at);
// decide.cpp; `action` is the command's name
exit_code decide(desk& at, const std::string& action);
// watch.cpp
exit_code watch(desk& at);
// doctor.cpp
exit_code doctor(desk& at);

}  // namespace stagedoor::ctl
