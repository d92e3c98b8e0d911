#include "auth-service/src/store/sqlite_schema.hpp"

#include <array>

#include "auth-service/src/store/migrations_sqlite.hpp"

namespace stagedoor::store {

// A migration that has been released is never edited: databases keep the text they were made from.
std::span<const sql::migration> sqlite_schema() noexcept {
    static constexpr std::array steps{
        sql::migration{1, "0001_tables", migrations::file_0001_tables_sql},
        sql::migration{2, "0002_user_triggers", migrations::file_0002_user_triggers_sql},
        sql::migration{3, "0003_session_triggers", migrations::file_0003_session_triggers_sql},
        sql::migration{4, "0004_living_sessions", migrations::file_0004_living_sessions_sql},
        sql::migration{5, "0005_admin_tools", migrations::file_0005_admin_tools_sql},
        sql::migration{6, "0006_lighter_triggers", migrations::file_0006_lighter_triggers_sql},
        sql::migration{7, "0007_one_step_transitions", migrations::file_0007_one_step_transitions_sql},
    };
    static_assert(steps.size() == migrations::embedded_files.size(), "each file of migrations/sqlite is a step");
    return steps;
}

}  // namespace stagedoor::store
