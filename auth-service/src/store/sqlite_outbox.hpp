// The outbox in SQLite, as the relay reads it.
#pragma once

#include "auth-service/src/approval/outbox.hpp"
#include "auth-service/src/store/sqlite_store.hpp"

namespace stagedoor::store {

class sqlite_outbox final : public approval::outbox {
public:
    explicit sqlite_outbox(sqlite_store& store) : store_{store} {}

    // Rows that a hand has spoilt are parked with a reason and left out (R5).
    runtime::task<result<approval::outbox_scan>> unpublished(std::size_t most) override;
    // A hole, where a hand has deleted or spoilt a row, counts like a purge: the run behind it is what there is.
    runtime::task<result<std::vector<user_event>>> events_from(user_id user, std::int64_t version,
                                                               std::size_t most) override;
    runtime::task<result<void>> mark_published(std::vector<std::int64_t> ids, approval::feed_ref to) override;
    runtime::task<result<approval::feed_ref>> switch_feed(std::string run_id) override;

private:
    sqlite_store& store_;
};

}  // namespace stagedoor::store
