// What a finished request leaves behind: a line in the log and its share in the metrics.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <string_view>

#include "common/obs/metrics.hpp"

namespace stagedoor::obs {

struct finished_request {
    std::string_view method;
    std::string_view path;  // without the query, which is the caller's to cut off
    unsigned status = 0;
    std::chrono::microseconds duration{0};
    std::string_view request_id;
    std::string_view trace_id;  // W3C; empty: the request came without one
    std::string_view user_id;   // empty: nobody signed in
    std::string_view session = {};  // session_hash; empty: no genuine token
    std::string_view token = {};    // the id of an API token; empty: it came without one
    std::string_view code = {};     // of the problem that was answered; empty: none
};

// Thread-safe; one for the process. Metrics: stagedoor_http_requests_total{method,status},
// stagedoor_http_request_duration_seconds.
class request_observer {
public:
    explicit request_observer(metrics& registry);

    void count(std::string_view method, unsigned status, std::chrono::microseconds duration) const;

    // Whether the log takes a request of this status: else there is nothing to tell.
    static bool is_told(unsigned status) noexcept;

    // Logs the event `request` (5xx: warn, else info).
    void tell(const finished_request& request) const;

private:
    static constexpr std::size_t methods = 6;
    static constexpr std::size_t classes = 5;
    std::array<std::array<counter*, classes>, methods> requests_;
    histogram* duration_;
};

}  // namespace stagedoor::obs
