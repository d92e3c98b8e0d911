// The outbox in SQLite, as the relay reads it.
#pragma once

#include "auth-service/src/approval/outbox.hpp"
#include "auth-service/src/store/sqlite_store.hpp"

namespace stagedoor::store {

class sqlite_outbox final : public approval::outbox {
public:
    explicit sqlite_outbox(sqlite_store& store) : store_{store} {}

    // Rows that a hand has spoilt are parked with a reason and left out (R5).
    runtime::task<result<approval::outbox_scan>> unpublished(std::size_t most, approval::id_ranges known) override;
    // A hole, where a hand has deleted or spoilt a row, counts like a purge: the run behind it is what there is.
    runtime::task<result<std::vector<std::vector<user_event>>>> events_from(std::vector<approval::events_start> each,
                                                                            std::size_t most) override;
    runtime::task<result<void>> mark_published(approval::id_ranges ids, approval::feed_ref to) override;
    runtime::task<result<bool>> switch_feed(approval::feed_ref to) override;
    runtime::task<result<bool>> rows_missing_after(std::int64_t id) override;
    runtime::task<result<approval::outbox_standing>> standing(std::int64_t cursor) override;
    runtime::task<result<std::vector<approval::outbox_row>>> rows_after(std::int64_t id, std::size_t most) override;
    runtime::task<result<std::vector<approval::ended_session>>> ends_after(session_id after, std::size_t most) override;
    runtime::task<result<void>> park(std::int64_t id, std::string reason) override;

private:
    runtime::task<result<void>> park_spoilt(std::vector<std::int64_t> ids);

    sqlite_store& store_;
};

}  // namespace stagedoor::store
