#include "auth-service/src/events/event_service.hpp"

#include <utility>

namespace stagedoor::events {

runtime::task<result<event_way>> event_service::way_of(event_ref which) {
    auto record = co_await records_.find(which);
    if (!record) co_return record.error();
    // After the record: what is marked relayed then is in Redis by now.
    const auto seen = co_await receipts_.of(which.user);
    co_return conclude(*std::move(record), seen);
}

}  // namespace stagedoor::events
