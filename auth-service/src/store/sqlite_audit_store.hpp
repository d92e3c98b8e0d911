// The audit log in SQLite: audit_log, which triggers write (0002, 0003, 0005), and audit_sources beside it.
#pragma once

#include "auth-service/src/admin/audit_store.hpp"
#include "auth-service/src/store/sqlite_store.hpp"

namespace stagedoor::store {

class sqlite_audit_store final : public admin::audit_store {
public:
    explicit sqlite_audit_store(sqlite_store& store) : store_{store} {}

    runtime::task<result<admin::audit_page>> list(admin::audit_query query) override;
    runtime::task<result<admin::audit_stretch>> follow(admin::audit_query query,
                                                       std::optional<std::int64_t> after) override;
    runtime::task<result<void>> add_denials(std::vector<admin::denial_sum> sums) override;

private:
    sqlite_store& store_;
};

}  // namespace stagedoor::store
