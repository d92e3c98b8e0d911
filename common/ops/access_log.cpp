#include "common/ops/access_log.hpp"

#include "common/core/errc.hpp"

namespace stagedoor::ops {

access_log::access_log(obs::metrics& metrics, const obs::request_observer& requests)
    : requests_{requests},
      refused_{metrics.counter("stagedoor_http_connections_refused_total",
                               "Connections closed at once because too many were open.")} {
    for (const auto& row : problem_table) {
        problems_.at(static_cast<std::size_t>(row.error)) =
            &metrics.counter("stagedoor_problems_total", "Requests answered with a problem, by its code.",
                             {{"code", std::string{row.code}}});
    }
}

void access_log::on_request(const http::finished_request& done) noexcept {
    if (done.error) problems_[static_cast<std::size_t>(*done.error)]->add();
    obs::finished_request told;
    told.status = done.status;
    told.duration = done.duration;
    told.request_id = done.request_id;
    if (!done.incoming) told.method = "unreadable";
    if (done.incoming) {
        told.method = http::to_string(done.incoming->verb());
        told.path = done.incoming->path();
        told.trace_id = done.incoming->trace().trace_id();
    }
    requests_(told);
}

}  // namespace stagedoor::ops
