#include "auth-service/src/admin/redis_denial_news.hpp"

#include "auth-service/src/admin/redis_admin_stream.hpp"
#include "common/core/admin_event.hpp"
#include "common/core/uuid.hpp"

namespace stagedoor::admin {

runtime::task<result<void>> redis_denial_news::tell(std::int64_t calls, instant at) {
    const denials_told news{format_uuid(make_uuid_v7()), calls, at};
    auto call = call_to_admins(keys_);
    call.add(news.id).add(to_frame(news));
    const auto posted = co_await redis::eval(link_, std::move(call));
    if (!posted) co_return posted.error();
    co_return result<void>{};
}

}  // namespace stagedoor::admin
