#include "auth-service/src/admin/redis_denial_news.hpp"

#include "common/core/admin_event.hpp"
#include "common/core/limits.hpp"
#include "common/core/secrets.hpp"
#include "common/core/uuid.hpp"
#include "common/redis/script.hpp"

namespace stagedoor::admin {

runtime::task<result<void>> redis_denial_news::tell(std::int64_t calls, instant at) {
    const denials_told news{format_uuid(make_uuid_v7()), calls, at};
    redis::script_call call{redis::scripts::relay_admin_events,
                            redis::keys{keys_.admin_events(), keys_.admin_seen(), keys_.admin_incarnation()},
                            limits::admin_stream_entries,
                            std::chrono::milliseconds{limits::admin_seen_time}.count(),
                            limits::admin_seen_ids,
                            random_text(9)};
    call.add(news.id).add(to_frame(news));
    const auto posted = co_await redis::eval(link_, std::move(call));
    if (!posted) co_return posted.error();
    co_return result<void>{};
}

}  // namespace stagedoor::admin
