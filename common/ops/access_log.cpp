#include "common/ops/access_log.hpp"

#include "common/core/errc.hpp"
#include "common/core/secrets.hpp"
#include "common/ops/security_events.hpp"

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
    told.method = done.incoming ? http::to_string(done.incoming->verb()) : "unreadable";
    // What the log alone needs is not made when it takes none.
    const bool is_told = obs::request_observer::is_told(done.status);
    std::string user, session, token;
    if (is_told) {
        told.request_id = done.request_id;
        if (done.error) told.code = problem_of(*done.error).code;
    }
    if (is_told && done.incoming) {
        told.path = done.incoming->path();
        told.trace_id = done.incoming->trace().trace_id();
        if (const auto& who = done.incoming->asked_by()) {
            user = who->user.text();
            session = session_hash(who->session);
        } else if (const auto& by = done.incoming->asked_by_token()) {
            user = by->user.text();
            token = format_uuid(by->token);
        }
        told.user_id = user;
        told.session = session;
        told.token = token;
    }
    requests_(told);
    if (done.error && done.incoming) log_security_event(*done.error, *done.incoming);
}

}  // namespace stagedoor::ops
