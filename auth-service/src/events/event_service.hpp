// What came of an event: for admins. One instance per shard.
#pragma once

#include "auth-service/src/events/event_records.hpp"
#include "auth-service/src/events/event_way.hpp"
#include "auth-service/src/events/socket_receipts.hpp"

namespace stagedoor::events {

class event_service {
public:
    event_service(event_records& records, receipts_reader& receipts) : records_{records}, receipts_{receipts} {}

    // errc::not_found, errc::database_*, errc::overloaded. A Redis that is away is no error: it is part of the answer.
    runtime::task<result<event_way>> way_of(event_ref which);

    runtime::task<result<parked_page>> parked(std::int64_t after, std::size_t most) { return records_.parked(after, most); }

private:
    event_records& records_;
    receipts_reader& receipts_;
};

}  // namespace stagedoor::events
