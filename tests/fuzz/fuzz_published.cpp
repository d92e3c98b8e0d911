// take_published: what it takes where it lies is what the reader of replies makes of the same bytes; what it does not
// take it does not touch.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/core/limits.hpp"
#include "common/redis/published.hpp"
#include "common/redis/resp.hpp"

namespace {

using namespace stagedoor::redis;

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > stagedoor::limits::redis_read_chunk) return 0;
    const std::string_view all{reinterpret_cast<const char*>(data), size};
    reply_reader reader;
    reader.feed(all);
    for (auto rest = all;;) {
        const auto before = rest;
        const auto taken = take_published(rest);
        if (!taken) {
            require(rest.data() == before.data() && rest.size() == before.size());
            return 0;
        }
        value reply;
        const auto whole = reader.next(reply);
        require(whole && *whole);
        const auto* const parts = reply.if_array();
        require(parts && parts->size() == 3);
        require(*(*parts)[0].if_text() == "message");
        require(*(*parts)[1].if_text() == taken->channel);
        require(*(*parts)[2].if_text() == taken->payload);
    }
}
