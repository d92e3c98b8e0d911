// Tells the log and the metrics of each request that one shard has answered.
#pragma once

#include "common/http/service.hpp"
#include "common/obs/metrics.hpp"
#include "common/obs/request_observer.hpp"

namespace stagedoor::ops {

class access_log final : public http::observer {
public:
    // `requests` is shared by the shards. Metrics: stagedoor_problems_total{code},
    // stagedoor_http_connections_refused_total.
    access_log(obs::metrics& metrics, const obs::request_observer& requests);

    void on_request(const http::finished_request& done) noexcept override;
    void on_refused_connection() noexcept override { refused_.add(); }

private:
    const obs::request_observer& requests_;
    obs::counter& refused_;
    // By the errc's number: why requests were refused.
    std::array<obs::counter*, 64> problems_{};
};

// An observer that tells nobody: for the ops port, where probes would drown the log.
class silent_observer final : public http::observer {
public:
    void on_request(const http::finished_request&) noexcept override {}
};

}  // namespace stagedoor::ops
