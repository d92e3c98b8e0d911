#include <iostream>
#include <utility>

#include "auth-service/src/app.hpp"
#include "auth-service/src/commands.hpp"
#include "auth-service/src/options.hpp"
#include "common/config/program.hpp"
#include "common/core/secrets.hpp"
#include "common/runtime/stop_signals.hpp"

int main(int argc, char** argv) {
    using namespace stagedoor;

    serve_options serving, checked;
    migrate_options migrating;
    create_admin_options creating;
    create_token_options issuing;
    after_restore_options restoring;
    config::program program{"auth-service", "Accounts, sessions and approvals."};
    add_serve_options(program.command("serve", "Runs the service."), serving);
    add_migrate_options(program.command("migrate", "Brings the database's schema up to date."), migrating);
    add_create_admin_options(program.command("create-admin", "Makes an account that may approve people."), creating);
    add_create_token_options(program.command("create-token", "Makes an API token of an admin, and prints it."), issuing);
    add_after_restore_options(
        program.command("after-restore", "Lifts a database that came from a backup above all that was seen of it."),
        restoring);
    add_serve_options(program.command("check-config", "Says whether the options of `serve` are right."), checked);

    const auto chosen = program.parse(argc, argv);
    if (chosen.command.empty()) return chosen.print();
    if (!init_crypto()) {
        std::cerr << "libsodium does not work on this machine\n";
        return 1;
    }
    if (chosen.command == "serve") {
        runtime::block_stop_signals();
        const obs::log::output logging{{.format = serving.log_format, .level = serving.log_level}};
        return serve(serving);
    }
    const obs::log::output logging{{.level = obs::log::level::warn}};
    if (chosen.command == "migrate") return migrate(migrating);
    if (chosen.command == "create-admin") return create_admin(creating);
    if (chosen.command == "create-token") return create_token(issuing);
    if (chosen.command == "after-restore") return after_restore(restoring);
    return check_config(checked, config::effective_settings(std::as_const(program).find("check-config")->options));
}
