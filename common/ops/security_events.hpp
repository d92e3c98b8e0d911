// What in a log is of interest to those who watch for attacks, by the names of the OWASP Logging Vocabulary. One line per
// event, beside the request's own line and with the same request id; no address, no e-mail, nothing that was typed.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>

#include "common/core/errc.hpp"
#include "common/http/request.hpp"
#include "common/obs/log.hpp"

namespace stagedoor::ops {

struct security_event {
    errc error;
    std::string_view name;
    obs::log::level at;  // warn: somebody tries something. info: happens to honest people every day
};

// The event that an answered problem is; nothing for those that are none.
const security_event* security_event_of(errc error) noexcept;

void log_security_event(errc error, const http::request& request);

// One that is no problem (info): a sign-in, a change of password, what an admin did. Told where it has been done; `more`
// are fields of its own.
void log_security_event(std::string_view name, const http::request& request,
                        std::initializer_list<obs::log::field> more = {});

}  // namespace stagedoor::ops
