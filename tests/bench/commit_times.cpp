// What one commit takes, for push.mjs: the statement that approves somebody, in a transaction of its own, with all
// triggers, on a database of its own that nobody else has open. The file is gone over as an operator would, by SQL.
//
//     commit_times DATABASE_FILE USER_ID      then lines of `commits COUNT PER_SECOND` on standard input, answered in
//     JSON
#include <sqlite3.h>

#include <cstdio>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>

#include "paced.hpp"

namespace {

void run(sqlite3* database, const std::string& sql) {
    char* why = nullptr;
    if (sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &why) != SQLITE_OK) throw std::runtime_error{why};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: commit_times DATABASE_FILE USER_ID\n");
        return 2;
    }
    sqlite3* database = nullptr;
    if (sqlite3_open(argv[1], &database) != SQLITE_OK) return 1;
    try {
        run(database, "PRAGMA synchronous = FULL");
        bool pending = true;
        for (std::string line, word; std::getline(std::cin, line);) {
            std::size_t count = 0, per_second = 0;
            std::istringstream{line} >> word >> count >> per_second;
            stagedoor::bench::paced times{count, static_cast<double>(per_second)};
            for (std::size_t i = 0; i < count; ++i) {
                pending = !pending;
                const auto change = std::string{"UPDATE users SET status = '"} + (pending ? "pending" : "rejected") +
                                    "' WHERE id = '" + argv[2] + "'";
                const auto begun = times.wait();
                run(database, "BEGIN IMMEDIATE");
                run(database, change);
                run(database, "COMMIT");
                times.note(begun);
            }
            times.print();
            std::fflush(stdout);
        }
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "commit_times: %s\n", failure.what());
        return 1;
    }
    sqlite3_close(database);
}
