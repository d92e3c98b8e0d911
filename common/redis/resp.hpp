// Replies out of bytes (RESP2). Its source is the one file that includes hiredis.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "common/redis/value.hpp"

struct redisReader;

namespace stagedoor::redis {

class reply_reader {
public:
    reply_reader();

    // `bytes`: at most limits::redis_read_chunk. Call next() until it says false before feeding again.
    void feed(std::string_view bytes);

    // True: `out` is the next whole reply. False: more bytes are needed. errc::redis_protocol: not RESP2, nested deeper
    // than 7, or one reply of more than limits::redis_reply_bytes; then only destruction is left.
    result<bool> next(value& out);

    // Nothing is half read: the next bytes begin a reply.
    bool idle() const noexcept;

private:
    struct closer {
        void operator()(redisReader* reader) const noexcept;
    };

    // The reply being built; behind a pointer, since the reader holds its address.
    std::unique_ptr<value> root_;
    std::unique_ptr<redisReader, closer> reader_;
    std::size_t fed_since_reply_ = 0;  // an upper bound on what the unfinished reply has taken
};

}  // namespace stagedoor::redis
