// A connection to one SQLite file, set up as Stagedoor needs it, with its prepared statements. Belongs to one thread.
//
//     auto found = db.query("SELECT email FROM users WHERE id = ?1", id);    // result<rows>
//     auto there = found->next();                                            // result<bool>
//     … found->row().text(0) …
//     auto changed = db.execute("UPDATE users SET status = ?2 WHERE id = ?1", id, status);   // result<int64>
//
// Every SQL text is prepared once per connection and kept: texts are literals, values are parameters.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "common/core/errc.hpp"
#include "common/core/limits.hpp"
#include "common/sql/statement.hpp"

namespace stagedoor::sql {

enum class access : std::uint8_t {
    create,  // reads and writes; a missing file is created, readable by its owner alone
    write,   // reads and writes a file that exists
    read,    // statements that write are refused
};

struct open_options {
    access how = access::write;
    // How long another connection may hold the lock before errc::database_busy. 0 <= busy_time.
    std::chrono::milliseconds busy_time = limits::database_busy_time;
};

class database;

// A running statement, borrowed from its connection, which must outlive it. Goes back when destroyed.
class rows {
public:
    rows(rows&& other) noexcept : owner_{std::exchange(other.owner_, nullptr)}, running_{std::move(other.running_)} {}
    rows& operator=(rows&&) = delete;
    ~rows();

    // True when there is a (next) row; what was read of the row before is gone then. Errors of to_error.
    result<bool> next();

    // The row that next() has found.
    const statement& row() const noexcept { return running_; }
    const statement& operator*() const noexcept { return running_; }

private:
    friend class database;
    rows(database& owner, statement running) noexcept : owner_{&owner}, running_{std::move(running)} {}

    database* owner_;
    statement running_;
};

class database {
public:
    // WAL, synchronous=FULL, foreign keys on. errc::database_unavailable, errc::database_busy. ":memory:" is a database
    // of its own. `why`, if given: where to say in SQLite's words, and the system's, what went wrong.
    static result<std::unique_ptr<database>> open(const std::string& path, open_options options = {},
                                                  std::string* why = nullptr);

    ~database();
    database(const database&) = delete;
    database& operator=(const database&) = delete;

    // Starts a statement; no row has been asked for yet.
    template <class... Values>
    result<rows> query(std::string_view sql, const Values&... values) {
        auto taken = take(sql);
        if (!taken) return taken.error();
        int parameter = 0;
        (taken->bind(++parameter, values), ...);
        return rows{*this, std::move(*taken)};
    }

    // Runs a statement to its end. How many rows it changed itself, triggers not counted.
    template <class... Values>
    result<std::int64_t> execute(std::string_view sql, const Values&... values) {
        auto running = query(sql, values...);
        if (!running) return running.error();
        return finish(*running);
    }

    // Runs any number of statements without parameters, prepared for this once.
    result<void> run_script(const std::string& sql);

    // What SQLite said of the last statement that failed here: the text of a RAISE, the name of a constraint.
    const std::string& last_message() const noexcept { return last_message_; }

    std::int64_t last_insert_id() const noexcept;

    // False again, without a COMMIT of ours, when SQLite had to roll back by itself (disk full, I/O error).
    bool in_transaction() const noexcept;

private:
    friend class rows;
    struct closer {
        void operator()(sqlite3* handle) const noexcept;
    };

    explicit database(sqlite3* handle) noexcept : handle_{handle} {}
    result<void> configure(const open_options& options);
    result<void> use_write_ahead_log(std::chrono::milliseconds busy_time);
    result<statement> take(std::string_view sql);
    void give_back(statement&& idle);
    result<std::int64_t> finish(rows& running);
    void note_failure();

    std::unique_ptr<sqlite3, closer> handle_;
    std::unordered_map<std::string_view, statement> idle_;  // by their own text
    std::string last_message_;
};

}  // namespace stagedoor::sql
