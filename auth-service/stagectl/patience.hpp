// Long work rides over a server that restarts, is away or is busy: its calls are made again, not before the server has asked
// for (Retry-After), for as long as the patience lasts, and what is waited for is said. Whatever happens, nobody is decided about twice.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "auth-service/stagectl/api.hpp"
#include "auth-service/stagectl/terminal.hpp"

namespace stagedoor::ctl {

// Half of it to all of it, drawn anew: those who were cut off together do not come back together.
std::chrono::milliseconds jittered(std::chrono::milliseconds pause);

struct posted {
    answer given;
    // An earlier try was cut off and this one was carried out anew: what it tells as done before may be that try's doing.
    bool again = false;
};

class patient_calls {
public:
    // `bar` says what is waited for. All outlive this.
    patient_calls(api& server, std::chrono::milliseconds patience, progress_bar& bar)
        : server_{server}, patience_{patience}, bar_{bar} {}

    answer get(std::string_view path);

    // With an Idempotency-Key of its own, so that a call whose answer was lost is answered, not done again. A failure that
    // is_in_doubt: a try went out, and what came of it nobody can tell.
    posted post(std::string_view path, const boost::json::value& body);

private:
    // Calls `once` until it does not throw for a server that is away. Before the server has answered for the first time,
    // nobody at the address is no reason to wait: it is more likely wrong.
    answer insist(const std::function<answer()>& once);

    api& server_;
    const std::chrono::milliseconds patience_;  // since the last answer
    progress_bar& bar_;
};

}  // namespace stagedoor::ctl
