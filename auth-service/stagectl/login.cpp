#include <boost/json.hpp>
#include <iostream>

#include "auth-service/stagectl/commands.hpp"
#include "auth-service/stagectl/print.hpp"
#include "common/core/secrets.hpp"

namespace stagedoor::ctl {
namespace {

std::string first_line(const char* what) {
    std::string line;
    if (!std::getline(std::cin, line) || line.empty()) {
        throw failure{exit_code::usage, std::string{"there is no "} + what + " on standard input"};
    }
    if (line.ends_with('\r')) line.pop_back();
    return line;
}

std::string asked_email() {
    if (!input_is_terminal()) throw failure{exit_code::usage, "--email is missing"};
    std::cerr << "E-mail: " << std::flush;
    std::string email;
    std::getline(std::cin, email);
    stop_if_interrupted();
    if (email.empty()) throw failure{exit_code::usage, "--email is missing"};
    return email;
}

std::string joined(const std::vector<std::string>& cookies) {
    std::string out;
    for (const auto& cookie : cookies) out += (out.empty() ? "" : "; ") + cookie;
    return out;
}

exit_code tell(const desk& at, const std::string& account, const std::string& line) {
    if (at.as_json()) {
        print_json(boost::json::object{{"server", at.server.at().server}, {"account", account}});
    } else {
        print(line);
    }
    return exit_code::done;
}

exit_code keep_token(desk& at) {
    const credential who{{}, first_line("token"), "API token"};
    api as_token{at.server.at(), who};
    static_cast<void>(as_token.get("/api/admin/stage-managers?limit=1"));
    at.credentials.put(at.server.at().server, who);
    return tell(at, who.account, "The token is good, and kept in " + at.credentials.path().string() + ".\n");
}

void end_session(const api& server, const credential& of) {
    api as_them{server.at(), of};
    try {
        static_cast<void>(as_them.post("/api/auth/logout", boost::json::object{}));
    } catch (const failure& why) {
        if (why.code() != exit_code::not_signed_in) throw;  // it is over already
    }
}

}  // namespace

exit_code login(desk& at) {
    if (at.given.login.token_stdin) return keep_token(at);
    const auto email = at.given.login.email.empty() ? asked_email() : at.given.login.email;
    auto password = at.given.login.password_stdin ? first_line("password") : ask_password("Password of " + email + ": ");
    api anew{at.server.at(), {}};
    boost::json::object body{{"email", email}, {"password", password}};
    const auto given = anew.post("/api/auth/login", body);
    wipe(password);
    const auto& user = member_of(given.object(), "user").as_object();
    const credential who{joined(given.cookies), {}, text_of(user, "email")};
    if (text_of(user, "role") != "admin") {
        end_session(at.server, who);
        throw failure{exit_code::forbidden, who.account + " is no admin"};
    }
    const auto before = at.credentials.find(at.server.at().server);
    at.credentials.put(at.server.at().server, who);
    if (before && !before->cookie.empty()) end_session(at.server, *before);
    return tell(at, who.account, "Signed in to " + at.server.at().server + " as " + who.account + ".\n");
}

exit_code logout(desk& at) {
    const auto kept = at.credentials.find(at.server.at().server);
    if (!kept) throw failure{exit_code::not_signed_in, "not signed in to " + at.server.at().server};
    if (!kept->cookie.empty()) end_session(at.server, *kept);
    at.credentials.forget(at.server.at().server);
    return tell(at, kept->account, kept->cookie.empty() ? "The token is forgotten here; `tokens revoke` ends it.\n" : "Signed out.\n");
}

}  // namespace stagedoor::ctl
