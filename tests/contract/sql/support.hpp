// A migrated database in a folder of its own, and the two kinds of hands that write to it: our connection and the real
// `sqlite3` shell, with recursive triggers off and on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/sql/database.hpp"
#include "tests/support/catch.hpp"

namespace stagedoor::tests {

class temporary_folder {
public:
    temporary_folder();
    ~temporary_folder();
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;

    std::string file(std::string_view name) const { return path_ + "/" + std::string{name}; }

private:
    std::string path_;
};

struct shell_outcome {
    int exit_code = 0;
    std::string output;
    std::string errors;
};

// Types `sql` into the sqlite3 shell as anybody would: no options, its own defaults (foreign keys off).
shell_outcome sqlite3_shell(const std::string& file, const std::string& sql);

// A database file at the schema of this build.
class test_database {
public:
    test_database();

    const std::string& file() const noexcept { return file_; }
    sql::database& connection() { return *db_; }
    std::unique_ptr<sql::database> connect(sql::open_options options = {}) const;

    // The first column of the first row, NULL and no row as "".
    std::string ask(const std::string& sql);

    // Everything that the triggers keep, as text: equal when nothing has changed.
    std::string contents();

    // What is wrong with it, by T2: each user's outbox and audit rows are 1 to version without holes and the last one
    // says what the row says; each ended session has one outbox row, each live one none. "" when all is well.
    std::string inconsistency();

private:
    temporary_folder folder_;
    std::string file_;
    std::unique_ptr<sql::database> db_;
};

// Somebody who writes SQL.
struct hand {
    std::string name;
    bool shell = false;
    bool recursive_triggers = false;

    // "" when everything was done, else the message.
    std::string write(test_database& db, const std::string& sql) const;
};

std::vector<hand> all_hands();

inline constexpr std::string_view anna = "0190f000-0000-7000-8000-00000000000a";
inline constexpr std::string_view bert = "0190f000-0000-7000-8000-00000000000b";
inline constexpr std::string_view anna_tab = "aaaaaaaa-0000-4000-8000-000000000001";

// anna@example.com and bert@example.com, pending stage managers at version 1.
void add_anna_and_bert(test_database& db);

// A session of anna that lives until the year 2100.
void sign_anna_in(test_database& db);

template <class T>
T must(result<T> outcome) {
    REQUIRE(outcome);
    return std::move(*outcome);
}

}  // namespace stagedoor::tests
