// Sees each call of the admin API that is answered by a refusal, wherever it was refused, and tells the denial log.
// Stands before another observer, which sees everything.
#pragma once

#include "auth-service/src/admin/denial_log.hpp"
#include "common/http/service.hpp"

namespace stagedoor::api {

class denial_watch final : public http::observer {
public:
    denial_watch(http::observer& next, admin::denial_log& denials) : next_{next}, denials_{denials} {}

    void on_request(const http::finished_request& done) noexcept override;
    void on_connections(std::size_t open) noexcept override { next_.on_connections(open); }
    void on_refused_connection() noexcept override { next_.on_refused_connection(); }

private:
    http::observer& next_;
    admin::denial_log& denials_;
};

}  // namespace stagedoor::api
