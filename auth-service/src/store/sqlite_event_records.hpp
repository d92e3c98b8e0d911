// What became of events, in SQLite: from the audit log, which is never purged, and the outbox.
#pragma once

#include "auth-service/src/events/event_records.hpp"
#include "auth-service/src/store/sqlite_store.hpp"

namespace stagedoor::store {

class sqlite_event_records final : public events::event_records {
public:
    explicit sqlite_event_records(sqlite_store& store) : store_{store} {}

    runtime::task<result<events::event_record>> find(events::event_ref which) override;
    runtime::task<result<events::parked_page>> parked(std::int64_t after, std::size_t most) override;

private:
    sqlite_store& store_;
};

}  // namespace stagedoor::store
