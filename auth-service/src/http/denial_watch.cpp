#include "auth-service/src/http/denial_watch.hpp"

#include <spdlog/spdlog.h>

#include "auth-service/src/http/admin_guard.hpp"

namespace stagedoor::api {
namespace {

bool is_denial(const http::finished_request& done) noexcept {
    const bool refused = done.status == 401 || done.status == 403 || done.status == 429;
    return done.incoming && done.error && refused && done.incoming->path().starts_with(admin_paths);
}

admin::denial denial_of(const http::request& request, errc why) {
    admin::denial what;
    if (const auto& who = request.asked_by()) what.who = who->user;
    if (const auto& token = request.asked_by_token()) {
        what.who = token->user;
        what.token = token->token;
    }
    what.why = why;
    what.method = http::to_string(request.verb());
    what.route = request.route();
    what.address = request.client_address().to_string();
    what.at = system_now();
    return what;
}

}  // namespace

void denial_watch::on_request(const http::finished_request& done) noexcept {
    next_.on_request(done);
    if (!is_denial(done)) return;
    try {
        denials_.note(denial_of(*done.incoming, *done.error), std::chrono::steady_clock::now());
    } catch (const std::exception& e) {  // no memory: the request's line in the log has it
        spdlog::error("a refused call could not be noted for the audit log: {}", e.what());
    }
}

}  // namespace stagedoor::api
