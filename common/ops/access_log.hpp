// Tells the log and the metrics of each request that one shard has answered.
#pragma once

#include "common/http/service.hpp"
#include "common/obs/metrics.hpp"
#include "common/obs/request_observer.hpp"
#include "common/ops/refusal_sums.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::ops {

class access_log final : public http::observer {
public:
    // `requests` is shared by the shards. Metrics: stagedoor_problems_total{code},
    // stagedoor_http_connections_refused_total.
    access_log(runtime::executor shard, obs::metrics& metrics, const obs::request_observer& requests);
    // When the shard has stopped: tells the sums that are left.
    ~access_log() override { tell_sums(); }

    // A line for the request, one more if it is a security event (security_events.hpp). Of requests that are refused
    // whoever sends them, for a limit (429) or because something is away or too busy (503), the first of a kind in a
    // second has these lines; those that follow are one line, `refused_again`, when that second is over.
    void on_request(const http::finished_request& done) noexcept override;
    void on_refused_connection() noexcept override { refused_.add(); }

private:
    bool is_summed(const http::finished_request& done);
    void tell(const http::finished_request& done) const;
    void tell_sums();

    const obs::request_observer& requests_;
    obs::counter& refused_;
    // By the errc's number: why requests were refused.
    std::array<obs::counter*, 64> problems_{};
    refusal_sums again_;
    runtime::steady_timer second_;  // runs while again_ is not empty
};

// An observer that tells nobody: for the ops port, where probes would drown the log.
class silent_observer final : public http::observer {
public:
    void on_request(const http::finished_request&) noexcept override {}
};

}  // namespace stagedoor::ops
