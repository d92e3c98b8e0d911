// What both services answer on their ops port, which is never public: /healthz, /readyz and /metrics.
#pragma once

#include "common/http/router.hpp"
#include "common/obs/health.hpp"
#include "common/obs/metrics.hpp"

namespace stagedoor::ops {

class ops_service final : public http::service {
public:
    ops_service(const obs::health& health, const obs::metrics& metrics);

    runtime::task<http::response> handle(http::request& incoming) override { return router_.handle(incoming); }

private:
    struct context {
        const obs::health& health;
        const obs::metrics& metrics;
    };
    static runtime::task<http::response> healthz(context& with, const http::request& request);
    static runtime::task<http::response> readyz(context& with, const http::request& request);
    static runtime::task<http::response> metrics(context& with, const http::request& request);
    static const http::endpoint<context> endpoints[3];

    context context_;
    http::router<context> router_;
};

}  // namespace stagedoor::ops
