// Kept answers in SQLite (table kept_answers of 0005). Bounded here: in time, in number and in bytes.
#pragma once

#include "auth-service/src/admin/answer_store.hpp"
#include "auth-service/src/store/sqlite_store.hpp"
#include "common/core/limits.hpp"

namespace stagedoor::store {

// Above the average that so many may have an answer is large: those of bulk calls are, and push out each other alone.
// Large ones have limits::kept_answer_bytes in all, the others are bounded by their number.
inline constexpr std::size_t large_answer_bytes = limits::kept_answer_bytes / limits::kept_answers;

class sqlite_answer_store final : public admin::answer_store {
public:
    explicit sqlite_answer_store(sqlite_store& store) : store_{store} {}

    runtime::task<result<admin::kept_request>> begin(sha256_digest key, sha256_digest request) override;
    runtime::task<result<void>> keep(sha256_digest key, std::string sealed) override;
    runtime::task<result<void>> forget(sha256_digest key) override;
    runtime::task<result<void>> purge() override;

private:
    sqlite_store& store_;
};

}  // namespace stagedoor::store
