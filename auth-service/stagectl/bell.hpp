// notify-service's event stream as a doorbell: it says that there is something new, at once; what it is the audit log
// tells. So whatever befalls the stream (a burst that overflows it, a restart, a wiped Redis) costs time, never an event.
// One thread, which also does other things between two waits: what comes meanwhile waits in the socket.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <string>

#include "auth-service/stagectl/exchange.hpp"
#include "auth-service/stagectl/stream_lines.hpp"

namespace stagedoor::ctl {

class bell {
public:
    // `url`: of /events. Not connected before the first wait().
    bell(server_settings at, credential who, std::string url);
    ~bell();
    bell(const bell&) = delete;
    bell& operator=(const bell&) = delete;

    // True as soon as it rings: something has happened, or the stream has begun or ended, so that something may have. False after
    // `within`, or on Ctrl-C. Connects by itself: at once where the server says so (`reconnect: now`; not twice in a row, if the
    // stream does not last), else after growing, jittered delays, and not before the server has asked for.
    bool wait(std::chrono::milliseconds within);

    // Whether something that happens would be heard of.
    bool is_heard() const noexcept { return greeted_; }
    // Why it has never been heard yet; "" once it was.
    const std::string& complaint() const noexcept { return complaint_; }

private:
    using clock = std::chrono::steady_clock;

    void connect();
    void drain();
    void on_end(CURLcode outcome);
    static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self);

    const server_settings at_;
    const credential who_;
    const std::string url_;
    exchange exchange_;
    CURLM* multi_;
    stream_lines stream_;
    bool connected_ = false;   // a request is under way
    bool greeted_ = false;     // and the server has welcomed us on it
    bool ever_heard_ = false;
    bool rung_ = false;
    bool at_once_ = false;             // the last try was made without a pause
    std::chrono::milliseconds pause_;  // before the next try, unless the server says otherwise
    clock::time_point greeted_at_{};
    clock::time_point next_try_{};
    std::string complaint_;
};

}  // namespace stagedoor::ctl
