// stagectl: for those who approve people from a terminal or a script. Talks to the server's HTTP API alone.
#include <clocale>
#include <iostream>

#include "auth-service/stagectl/commands.hpp"
#include "auth-service/stagectl/print.hpp"
#include "common/core/secrets.hpp"

namespace {

using namespace stagedoor;
using namespace stagedoor::ctl;

std::string server_of(const common_options& given, const credential_file& kept) {
    auto server = given.server.empty() ? kept.last_server() : given.server;
    if (server.empty()) throw failure{exit_code::usage, "which server? Give --server URL, STAGEDOOR_SERVER, or sign in with `stagectl login --server URL`"};
    while (server.ends_with('/')) server.pop_back();
    return server;
}

credential credential_for(const common_options& given, const credential_file& kept, const std::string& server) {
    if (!given.token.empty()) return {{}, given.token.reveal(), "API token"};
    return kept.find(server).value_or(credential{});
}

exit_code run(const std::string& command, const options& given) {
    const auto& common = given.common;
    credential_file kept{common.credentials.empty() ? credential_file::default_path() : common.credentials};
    const auto server = server_of(common, kept);
    api calls{{server, common.ca_file.string(), common.timeout}, credential_for(common, kept, server)};
    desk at{given, kept, calls};
    if (command == "login") return login(at);
    if (command == "logout") return logout(at);
    if (command == "doctor") return doctor(at);
    if (calls.who().none()) {
        throw failure{exit_code::not_signed_in, "not signed in to " + server + ": run `stagectl login`, or give a token by STAGEDOOR_TOKEN"};
    }
    if (command == "list") return list(at);
    if (command == "show") return show(at);
    if (command == "audit") return audit(at);
    if (command == "sessions") return sessions(at);
    if (command == "tokens") return tokens(at);
    if (command == "events") return events(at);
    if (command == "watch") return watch(at);
    return decide(at, command);
}

}  // namespace

int main(int argc, char** argv) {
    std::setlocale(LC_CTYPE, "C.UTF-8");  // for the width of what is printed
    options given;
    config::program program{"stagectl", "Approves people, and shows what happened."};
    define(program, given);
    const auto chosen = program.parse(argc, argv);
    if (chosen.command.empty() && chosen.exit_code != 0) return chosen.print();

    use_colours(given.common.colour);
    watch_interrupts();
    try {
        if (chosen.command.empty()) {
            print(chosen.text);
            return 0;
        }
        if (!init_crypto()) throw failure{exit_code::usage, "libsodium does not work on this machine"};
        if (chosen.command == "completion") {
            const auto script = program.completion(given.shell.front());
            if (!script) throw failure{exit_code::usage, "completion knows bash, zsh and fish, not '" + given.shell.front() + '\''};
            print(*script);
            return 0;
        }
        return static_cast<int>(run(chosen.command, given));
    } catch (const failure& why) {
        std::cerr << "stagectl: " << why.what() << '\n';
        return static_cast<int>(why.code());
    } catch (const std::exception& broken) {
        // Members of another kind than the API's documents say end here as well.
        std::cerr << "stagectl: the server's answer is not one that this version understands: " << broken.what() << '\n';
        return static_cast<int>(exit_code::not_understood);
    }
}
