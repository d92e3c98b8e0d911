#include "auth-service/src/commands.hpp"

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>

#include "auth-service/src/store/sqlite_restore.hpp"
#include "auth-service/src/store/sqlite_token_store.hpp"
#include "auth-service/src/store/sqlite_user_store.hpp"
#include "auth-service/src/user/email.hpp"
#include "auth-service/src/user/password_hasher.hpp"
#include "auth-service/src/user/password_policy.hpp"
#include "common/config/quiet_terminal.hpp"
#include "common/core/json.hpp"
#include "common/core/secrets.hpp"
#include "common/http/utf8.hpp"
#include "common/session/key_file.hpp"

namespace stagedoor {
namespace {

int fail(std::string_view why) {
    std::cerr << why << '\n';
    return 1;
}

std::optional<std::string> read_password(bool from_stdin) {
    std::string password;
    if (from_stdin) {
        if (!std::getline(std::cin, password)) return std::nullopt;
        return password;
    }
    if (isatty(STDIN_FILENO) == 0) return std::nullopt;
    const config::quiet_terminal quiet;
    std::cerr << "Password: " << std::flush;
    const bool read = static_cast<bool>(std::getline(std::cin, password));
    std::cerr << '\n';
    return read ? std::optional{password} : std::nullopt;
}

// Runs one call of a port to its end.
template <class T>
result<T> wait(runtime::task<result<T>> call) {
    boost::asio::io_context context{1};
    std::optional<result<T>> done;
    boost::asio::co_spawn(context, std::move(call),
                          [&](std::exception_ptr, result<T> outcome) { done = std::move(outcome); });
    context.run();
    return done ? std::move(*done) : result<T>{errc::internal_error};
}

int fail(const boost::system::error_code& why) {
    const auto& problem = problem_of(to_errc(why));
    return fail(std::string{problem.code} + ": " + std::string{problem.title});
}

}  // namespace

int check_config(const serve_options& options, const std::string& settings) {
    std::cout << settings;
    if (!std::filesystem::exists(options.session_key_file)) {
        std::cout << "The key file " << options.session_key_file.string() << " is missing; `serve` would make it.\n";
        return 0;
    }
    const auto keys = session::load_key_file(options.session_key_file, session::missing_key_file::is_an_error);
    return keys ? 0 : fail(keys.error());
}

int migrate(const migrate_options& options) {
    auto database = store::sqlite_store::open(sqlite_path(options.database_url));
    if (!database) return fail(database.error().message);
    (*database)->stop();
    std::cout << "The database has the schema of this version.\n";
    return 0;
}

int create_admin(const create_admin_options& options) {
    auto password = read_password(options.password_stdin);
    if (!password) return fail("there is no password: give one line on standard input with --password-stdin");
    if (!is_utf8(*password)) return fail("the password is not UTF-8, as browsers will send it");
    const auto email = *user::normalise_email(options.email);
    if (const auto complaint = user::complaint_about(*password, email)) return fail("the password " + *complaint);
    const auto path = sqlite_path(options.database_url);
    const bool is_new = !std::filesystem::exists(path);
    auto database = store::sqlite_store::open(path);
    if (!database) return fail(database.error().message);

    user::new_user admin;
    admin.id = user_id{make_uuid_v7()};
    admin.email = email;
    admin.display_name = options.display_name;
    admin.role = user_role::admin;
    admin.status = user_status::active;
    admin.password_hash = user::hash_password(*password);
    wipe(*password);
    if (admin.password_hash.empty()) return fail("there is not enough memory to hash the password");

    store::sqlite_user_store users{**database};
    const auto created = wait(users.create(std::move(admin), user::actor{"create-admin", "cli"}));
    (*database)->stop();
    if (!created) return fail(created.error());
    std::cout << (is_new ? "Made the database " : "In the database ") << path << ": the admin "
              << created->facts.email << " can sign in.\n";
    return 0;
}

int create_token(const create_token_options& options) {
    const auto path = sqlite_path(options.database_url);
    if (!std::filesystem::exists(path)) return fail("there is no database " + path);
    auto database = store::sqlite_store::open(path);
    if (!database) return fail(database.error().message);
    store::sqlite_user_store users{**database};
    store::sqlite_token_store tokens{**database};

    const auto owner = wait(users.find_credentials(*user::normalise_email(options.email)));
    const auto text = admin::make_token_text();
    result<admin::api_token> made{errc::not_found};
    if (owner && *owner) {
        admin::new_token wanted{admin::token_id{make_uuid_v7()}, (*owner)->facts.id, std::string{trim(options.name)},
                                options.scope,                   options.life,       admin::token_digest(text)};
        made = wait(tokens.create(std::move(wanted), user::actor{"create-token", "cli"}));
    }
    (*database)->stop();
    if (!owner) return fail(owner.error());
    if (!*owner) return fail("nobody has the e-mail " + options.email);
    if (!made && to_errc(made.error()) == errc::forbidden) return fail(options.email + " is no active admin");
    if (!made) return fail(made.error());
    std::cerr << "The API token " << made->id.text() << " lives until " << format_rfc3339(made->expires_at)
              << ". It is shown this once:\n";
    std::cout << text << '\n';
    return 0;
}

int after_restore(const after_restore_options& options) {
    const auto done = store::after_restore(sqlite_path(options.database_url));
    if (!done) return fail(done.error().message);
    std::cout << "Users lifted above all that was seen of them: " << done->users
              << ". Sessions that lived in the backup and are over now: " << done->sessions
              << ". Everybody signs in again, and all API tokens are revoked. Start the nodes; Redis needs no wipe.\n";
    return 0;
}

}  // namespace stagedoor
