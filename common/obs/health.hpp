// Whether this process should get traffic: named conditions, each owned by the part that knows. Any thread.
//
//     auto& redis = health.add("redis");      // before serving begins
//     redis.fail("connection refused");       // … and whenever it changes
//     redis.ok();
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <string_view>

#include "common/core/clock.hpp"

namespace stagedoor::obs {

// Ready for an HTTP answer: application/json, never cached.
struct health_report {
    unsigned status = 200;
    std::string body;
};

// /healthz: alive is whoever can answer. Restarting a process does not bring Redis back.
health_report liveness();

class health {
public:
    class condition {
    public:
        condition(health& owner, std::string name) : owner_{owner}, name_{std::move(name)} {}

        // All log `readiness_changed` when they change something. A repeated fail() keeps its time.
        void ok();
        // Traffic may come all the same: something is away, and something else stands in for it.
        void degraded(std::string_view reason);
        void fail(std::string_view reason);

    private:
        friend class health;
        void set(bool ok, std::string_view reason);

        health& owner_;
        const std::string name_;
        bool ok_ = false;
        std::string reason_ = "starting";
        instant since_ = system_now();
    };

    // Not ok until somebody says so. Lives as long as the registry. Several parts may add the same name (one per
    // shard): it is ok when all of them are, and shown once, as the first of the worst.
    condition& add(std::string name);

    bool ready() const;

    // /readyz: 200 when every condition is ok, else 503;
    // {"ready":false,"conditions":[{"name":"redis","ok":false,"reason":"…","since":"2026-…Z"}]}
    // A condition that is ok has a reason when it is degraded.
    health_report report() const;

private:
    mutable std::mutex mutex_;
    std::deque<condition> conditions_;
};

}  // namespace stagedoor::obs
