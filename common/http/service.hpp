// The two sides of a listener: who answers the requests, and who watches them being answered. One of each per shard.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

#include "common/core/errc.hpp"
#include "common/http/request.hpp"
#include "common/http/response.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::http {

class service {
public:
    virtual ~service() = default;

    // The answer to one request, on the connection's shard. `incoming` lives until the task ends. An exception is a
    // bug: it is logged and answered by 500. The task has its own deadlines: nobody cuts it off.
    virtual runtime::task<response> handle(request& incoming) = 0;

    // Whether the body of a request may be larger than others', asked when its head was read and before the body is:
    // nothing when it may, else the answer. `incoming` has no body yet.
    virtual runtime::task<std::optional<response>> may_be_large(request& incoming);
};

inline runtime::task<std::optional<response>> service::may_be_large(request&) {
    co_return response::problem(errc::payload_too_large);
}

// One request that was answered, or could not be read. Views valid during the call.
struct finished_request {
    const request* incoming = nullptr;  // null when it could not be read
    std::string_view request_id;
    unsigned status = 0;
    std::optional<errc> error;  // of the problem that was answered
    // From the last byte of the request to the answer being handed to the kernel.
    std::chrono::microseconds duration{0};
    std::size_t bytes_out = 0;  // head and body
    bool delivered = true;      // false: the peer went away before the answer was written
};

// Called on the shard; returns soon and does not throw.
class observer {
public:
    virtual ~observer() = default;
    virtual void on_request(const finished_request& done) noexcept = 0;
    // After a change of how many connections this shard has.
    virtual void on_connections(std::size_t open) noexcept { static_cast<void>(open); }
    // One too many came.
    virtual void on_refused_connection() noexcept {}
};

}  // namespace stagedoor::http
