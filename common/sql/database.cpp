#include "common/sql/database.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <system_error>
#include <thread>

#include "common/sql/error.hpp"

namespace stagedoor::sql {
namespace {

using namespace std::chrono_literals;

// Pages that a connection keeps in memory, in KiB: the indexes of some 100,000 users.
constexpr std::string_view cache_size = "PRAGMA cache_size = -16384";

// SQLite would create it with whatever the umask allows, and the log files with the same rights.
void create_private(const std::string& path) noexcept {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0) ::close(file);  // if not, SQLite's own attempt says why
}

int flags_of(access how) noexcept {
    // Readers open for writing too: whoever comes first to a WAL file has to write its index.
    return SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
           (how == access::create ? SQLITE_OPEN_CREATE : 0);
}

// Pages in the log before they are copied into the database: 16 MB. What is written again and again, the ends of tables
// and indexes, is copied once for all of it, and the writer stands still for the disk a quarter as often as by default.
constexpr std::string_view pages_before_checkpoint = "PRAGMA wal_autocheckpoint = 4000";

// Counts only before SQLite is first used, hence here. What a savepoint would undo stays in memory: by default it goes to
// a temporary file beyond 64 KB, which a batch of decisions reaches after a few people: a file made, written page by page
// and dropped, for nothing. A transaction of ours changes some megabytes at most. And nobody asks SQLite how much memory
// it has taken, which it would count under a lock.
bool configure_library() noexcept {
    constexpr int never = -1;
    constexpr int off = 0;
    return sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, never) == SQLITE_OK &&
           sqlite3_config(SQLITE_CONFIG_MEMSTATUS, off) == SQLITE_OK;
}

// `handle`: null when there was no memory for one.
std::string why_not_opened(sqlite3* handle) {
    std::string why = sqlite3_errmsg(handle);
    const int system = handle ? sqlite3_system_errno(handle) : 0;
    if (system != 0) why += " (" + std::generic_category().message(system) + ")";
    return why;
}

}  // namespace

rows::~rows() {
    if (owner_) owner_->give_back(std::move(running_));
}

result<bool> rows::next() {
    auto row = running_.step();
    if (!row) owner_->note_failure();
    return row;
}

void database::closer::operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }

database::~database() = default;

result<std::unique_ptr<database>> database::open(const std::string& path, open_options options, std::string* why) {
    const bool in_memory = path == ":memory:";
    if (options.how == access::create && !in_memory) create_private(path);

    static const bool once = configure_library();
    static_cast<void>(once);  // a program that has used SQLite before keeps its defaults
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags_of(options.how), nullptr);
    auto opened = std::unique_ptr<database>{new database{handle}};
    if (code != SQLITE_OK) {
        if (why) *why = why_not_opened(handle);
        return to_error(code);
    }
    const auto configured = opened->configure(options);
    if (!configured) {
        if (why) *why = opened->last_message();
        return configured.error();
    }
    return opened;
}

result<void> database::configure(const open_options& options) {
    sqlite3_busy_timeout(handle_.get(), static_cast<int>(options.busy_time.count()));
    sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);

    const auto logged = use_write_ahead_log(options.busy_time);
    if (!logged) return logged;
    // trusted_schema has to be on: SQLite 3.40 takes its own JSON functions, which our triggers use, for unsafe ones.
    // We register no functions and load no extensions, so there is nothing that a hostile view could call.
    std::string pragmas = "PRAGMA trusted_schema = ON; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;";
    pragmas.append(cache_size).append("; ").append(pages_before_checkpoint);
    if (options.how == access::read) pragmas += "; PRAGMA query_only = ON";
    return run_script(pragmas);
}

result<void> database::use_write_ahead_log(std::chrono::milliseconds busy_time) {
    const auto give_up = std::chrono::steady_clock::now() + busy_time;
    for (;;) {
        auto asked = query("PRAGMA journal_mode = WAL");
        if (!asked) return asked.error();
        const auto answered = asked->next();
        if (answered && (asked->row().text(0) == "wal" || asked->row().text(0) == "memory")) return {};
        if (answered) {
            last_message_ = "the file system of the file has no shared memory, which a write-ahead log needs";
            return errc::database_unavailable;
        }
        // Two processes that turn a new file into WAL at once refuse each other without waiting.
        if (answered.error() != errc::database_busy || std::chrono::steady_clock::now() >= give_up)
            return answered.error();
        std::this_thread::sleep_for(1ms);
    }
}

result<statement> database::take(std::string_view sql) {
    if (auto kept = idle_.extract(sql)) return std::move(kept.mapped());
    auto prepared = statement::prepare(handle_.get(), sql);
    if (!prepared) note_failure();
    return prepared;
}

void database::give_back(statement&& idle) {
    idle.reset();
    const auto text = idle.sql();
    idle_.try_emplace(text, std::move(idle));  // a second one of the same text was needed while the first ran: let go
}

result<std::int64_t> database::finish(rows& running) {
    for (;;) {
        const auto row = running.next();
        if (!row) return row.error();
        if (!*row) return sqlite3_changes64(handle_.get());
    }
}

result<void> database::run_script(const std::string& sql) {
    const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) return {};
    note_failure();
    return to_error(code);
}

void database::note_failure() { last_message_ = sqlite3_errmsg(handle_.get()); }

std::int64_t database::last_insert_id() const noexcept { return sqlite3_last_insert_rowid(handle_.get()); }

bool database::in_transaction() const noexcept { return sqlite3_get_autocommit(handle_.get()) == 0; }

}  // namespace stagedoor::sql
