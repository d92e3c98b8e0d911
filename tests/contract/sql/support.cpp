#include "tests/contract/sql/support.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "auth-service/src/store/sqlite_schema.hpp"

namespace stagedoor::tests {
namespace {

std::string read_file(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream{path}.rdbuf();
    return text.str();
}

void write_file(const std::string& path, const std::string& text) { std::ofstream{path, std::ios::binary} << text; }

void redirect(const std::string& path, int flags, int to) {
    const int file = ::open(path.c_str(), flags, 0600);
    ::dup2(file, to);
    ::close(file);
}

}  // namespace

temporary_folder::temporary_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "stagedoor-sql-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error{"mkdtemp"};
    path_ = name;
}

temporary_folder::~temporary_folder() {
    std::error_code ignored;  // what cannot be removed is left to the system's cleaning
    std::filesystem::remove_all(path_, ignored);
}

shell_outcome sqlite3_shell(const std::string& file, const std::string& sql) {
    const temporary_folder scratch;
    write_file(scratch.file("in"), sql);
    const pid_t child = ::fork();
    if (child == 0) {
        redirect(scratch.file("in"), O_RDONLY, STDIN_FILENO);
        redirect(scratch.file("out"), O_WRONLY | O_CREAT, STDOUT_FILENO);
        redirect(scratch.file("err"), O_WRONLY | O_CREAT, STDERR_FILENO);
        ::execlp("sqlite3", "sqlite3", "-bail", "-init", "/dev/null", file.c_str(), nullptr);
        ::_exit(127);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128, read_file(scratch.file("out")),
            read_file(scratch.file("err"))};
}

test_database::test_database() : file_{folder_.file("stagedoor.db")} {
    db_ = must(sql::database::open(file_, {.how = sql::access::create}));
    const auto migrated = sql::migrate(*db_, store::sqlite_schema());
    INFO((migrated ? "" : migrated.error().message));
    REQUIRE(migrated.has_value());
}

std::unique_ptr<sql::database> test_database::connect(sql::open_options options) const {
    return must(sql::database::open(file_, options));
}

std::string test_database::ask(const std::string& sql) {
    auto found = db_->query(sql);
    INFO(sql << ": " << db_->last_message());
    REQUIRE(found);
    const auto row = found->next();
    INFO(db_->last_message());
    REQUIRE(row);
    return *row ? std::string{found->row().text(0)} : std::string{};
}

std::string test_database::contents() {
    return ask("SELECT json_group_array(json_array(id, email, display_name, role, status, version, epoch, "
               "kept_session, kept_epoch,"
               "                                   password_hash, created_at_ms, updated_at_ms)) FROM users") +
           ask("SELECT json_group_array(json_array(id, user_id, epoch, ended_at_ms, end_reason)) FROM sessions") +
           ask("SELECT json_group_array(json_array(id, user_id, version, session_id, facts)) FROM outbox") +
           ask("SELECT json_group_array(json_array(id, user_id, version, action)) FROM audit_log");
}

std::string test_database::inconsistency() {
    return ask(R"(
        SELECT 'user ' || id || ' has holes in its outbox' FROM users
         WHERE (SELECT count(*) FROM outbox WHERE user_id = users.id AND version BETWEEN 1 AND users.version) <> version
            OR (SELECT count(*) FROM outbox WHERE user_id = users.id AND version IS NOT NULL) <> version
        UNION ALL
        SELECT 'user ' || id || ' has holes in its audit log' FROM users
         WHERE (SELECT count(*) FROM audit_log WHERE user_id = users.id AND version IS NOT NULL) <> version
        UNION ALL
        SELECT 'user ' || users.id || ' differs from its last outbox row' FROM users
          LEFT JOIN outbox ON outbox.user_id = users.id AND outbox.version = users.version
         WHERE facts IS NOT json_object('id', users.id, 'email', email, 'displayName', display_name, 'role', role,
                                        'status', status, 'version', users.version, 'epoch', epoch,
                                        'keptSession', kept_session, 'keptEpoch', kept_epoch)
        UNION ALL
        SELECT 'e-mail ' || email || ' is not folded' FROM users WHERE email <> lower(email)
        UNION ALL
        SELECT 'session ' || id || ' and its outbox rows differ' FROM sessions
         WHERE (SELECT count(*) FROM outbox WHERE session_id = sessions.id) <> (ended_at_ms IS NOT NULL)
        UNION ALL
        SELECT 'outbox row ' || id || ' tells of nobody' FROM outbox
         WHERE kind = 'user_event' AND user_id NOT IN (SELECT id FROM users))");
}

std::string hand::write(test_database& db, const std::string& sql) const {
    const std::string pragma =
        recursive_triggers ? "PRAGMA recursive_triggers = ON;" : "PRAGMA recursive_triggers = OFF;";
    if (shell) {
        const auto outcome = sqlite3_shell(db.file(), pragma + sql);
        if (outcome.exit_code == 0) return {};
        return outcome.errors.empty() ? "exit code " + std::to_string(outcome.exit_code) : outcome.errors;
    }
    const auto own = db.connect();
    const auto set = own->run_script(pragma);
    REQUIRE(set);
    const auto done = own->run_script(sql);
    return done ? std::string{} : own->last_message();
}

std::vector<hand> all_hands() {
    return {{"the shell", true, false},
            {"the shell with recursive triggers", true, true},
            {"our connection", false, false},
            {"our connection with recursive triggers", false, true}};
}

void add_anna_and_bert(test_database& db) {
    for (const auto& [id, email, name] :
         {std::array{anna, std::string_view{"anna@example.com"}, std::string_view{"Anna"}},
          std::array{bert, std::string_view{"bert@example.com"}, std::string_view{"Bert"}}}) {
        const auto added = db.connection().execute(
            "INSERT INTO users (id, email, display_name, password_hash) VALUES (?1, ?2, ?3, '$argon2id$')", id, email,
            name);
        INFO(db.connection().last_message());
        REQUIRE(added);
    }
}

void sign_anna_in(test_database& db) {
    const auto added = db.connection().execute(
        "INSERT INTO sessions (id, user_id, epoch, signed_in_status, expires_at_ms, device, address) "
        "SELECT ?1, id, epoch, status, 4102444800000, 'a browser', '127.0.0.1' FROM users WHERE id = ?2",
        anna_tab, anna);
    INFO(db.connection().last_message());
    REQUIRE(added);
}

}  // namespace stagedoor::tests
