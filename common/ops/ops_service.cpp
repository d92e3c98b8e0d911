#include "common/ops/ops_service.hpp"

namespace stagedoor::ops {
namespace {

http::response as_json(obs::health_report report) {
    return http::response::json(report.status, std::move(report.body));
}

}  // namespace

const http::endpoint<ops_service::context> ops_service::endpoints[3] = {
    {http::method::get, "/healthz", &ops_service::healthz},
    {http::method::get, "/readyz", &ops_service::readyz},
    {http::method::get, "/metrics", &ops_service::metrics},
};

ops_service::ops_service(const obs::health& health, const obs::metrics& metrics)
    : context_{health, metrics}, router_{endpoints, context_} {}

runtime::task<http::response> ops_service::healthz(context&, const http::request&) {
    co_return as_json(obs::liveness());
}

runtime::task<http::response> ops_service::readyz(context& with, const http::request&) {
    co_return as_json(with.health.report());
}

runtime::task<http::response> ops_service::metrics(context& with, const http::request&) {
    co_return http::response::text(200, obs::metrics::content_type, with.metrics.render());
}

}  // namespace stagedoor::ops
