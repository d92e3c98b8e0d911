#include <iostream>
#include <utility>

#include "common/config/program.hpp"
#include "common/core/secrets.hpp"
#include "common/runtime/stop_signals.hpp"
#include "notify-service/src/app.hpp"

int main(int argc, char** argv) {
    using namespace stagedoor;

    notify::serve_options serving;
    notify::serve_options checked;
    config::program program{"notify-service", "Pushes what happens to users to their browsers."};
    notify::add_serve_options(program.command("serve", "Runs the service."), serving);
    notify::add_serve_options(program.command("check-config", "Says whether the options of `serve` are right."),
                              checked);

    const auto chosen = program.parse(argc, argv);
    if (chosen.command.empty()) return chosen.print();
    if (chosen.command == "check-config") {
        std::cout << config::effective_settings(std::as_const(program).find("check-config")->options);
        return 0;
    }
    if (!init_crypto()) {
        std::cerr << "libsodium does not work on this machine\n";
        return 1;
    }
    runtime::block_stop_signals();
    const obs::log::output logging{{.format = serving.log_format, .level = serving.log_level}};
    return notify::serve(serving);
}
