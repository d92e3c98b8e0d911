#include "auth-service/src/approval/approval_service.hpp"

#include "common/runtime/failpoint.hpp"

namespace stagedoor::approval {

runtime::task<result<decided>> approval_service::decide(transition_request request, user::actor by) {
    auto outcome = co_await store_.apply(std::move(request), std::move(by));
    if (!outcome) co_return outcome.error();
    runtime::failpoint("committed");
    decided done{std::move(*outcome), delivery::relayed};
    if (!done.outcome.event) co_return done;
    // Also for a repeated request: its answer has to be as true as the first one.
    outbox_row row{done.outcome.outbox_id, *done.outcome.event};
    done.delivery = co_await relay_.deliver(std::move(row));
    co_return done;
}

runtime::task<result<user_page>> approval_service::list(list_query query) {
    auto page = co_await store_.list(std::move(query));
    co_return page;
}

}  // namespace stagedoor::approval
