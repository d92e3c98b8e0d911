#include "common/ops/access_log.hpp"

#include <vector>

#include "common/core/errc.hpp"
#include "common/core/secrets.hpp"
#include "common/ops/security_events.hpp"

namespace stagedoor::ops {
namespace {

std::string_view method_of(const http::finished_request& done) noexcept {
    return done.incoming ? http::to_string(done.incoming->verb()) : "unreadable";
}

}  // namespace

access_log::access_log(runtime::executor shard, obs::metrics& metrics, const obs::request_observer& requests)
    : requests_{requests},
      refused_{metrics.counter("stagedoor_http_connections_refused_total",
                               "Connections closed at once because too many were open.")},
      second_{shard} {
    for (const auto& row : problem_table) {
        problems_.at(static_cast<std::size_t>(row.error)) =
            &metrics.counter("stagedoor_problems_total", "Requests answered with a problem, by its code.",
                             {{"code", std::string{row.code}}});
    }
}

void access_log::on_request(const http::finished_request& done) noexcept {
    if (done.error) problems_[static_cast<std::size_t>(*done.error)]->add();
    requests_.count(method_of(done), done.status, done.duration);
    if (!is_summed(done)) tell(done);
}

bool access_log::is_summed(const http::finished_request& done) {
    const bool is_refusal = done.error && done.incoming && (done.status == 429 || done.status == 503);
    if (!is_refusal || !obs::log::enabled(obs::log::level::warn)) return false;
    if (again_.empty()) {
        second_.expires_after(std::chrono::seconds{1});
        second_.async_wait([this](boost::system::error_code cancelled) {
            if (!cancelled) tell_sums();
        });
    }
    const auto& request = *done.incoming;
    return !again_.is_first(*done.error, request.verb(), request.route(), request.about());
}

void access_log::tell(const http::finished_request& done) const {
    if (done.error && done.incoming) log_security_event(*done.error, *done.incoming);
    // What the log alone needs is not made when it takes none.
    if (obs::request_observer::is_told(done.status)) {
        obs::finished_request told;
        std::string user, session, token;
        told.status = done.status;
        told.duration = done.duration;
        told.method = method_of(done);
        told.request_id = done.request_id;
        if (done.error) told.code = problem_of(*done.error).code;
        if (done.incoming) {
            told.path = done.incoming->path();
            told.trace_id = done.incoming->trace().trace_id();
            if (const auto& who = done.incoming->asked_by()) {
                user = who->user.text();
                session = session_hash(who->session);
            } else if (const auto& by = done.incoming->asked_by_token()) {
                user = by->user.text();
                token = format_uuid(by->token);
            }
        }
        told.user_id = user;
        told.session = session;
        told.token = token;
        requests_.tell(told);
    }
}

void access_log::tell_sums() {
    for (const auto& each : again_.take()) {
        const auto& problem = problem_of(each.why);
        std::vector<obs::log::field> fields{{"count", each.more},
                                            {"method", http::to_string(each.verb)},
                                            {"path", each.route},
                                            {"status", problem.status},
                                            {"code", problem.code}};
        if (!each.about.empty()) fields.push_back({"about", each.about});
        obs::log::write(obs::log::level::warn, "refused_again", fields);
    }
}

}  // namespace stagedoor::ops
