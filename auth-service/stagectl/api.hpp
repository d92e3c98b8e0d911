// The server's HTTP API as a command sees it: a call answers with JSON, or throws a failure whose line says what to do.
// Knows nothing of people and decisions. One thread; libcurl keeps the connection between calls.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth-service/stagectl/credentials.hpp"
#include "auth-service/stagectl/failure.hpp"

namespace stagedoor::ctl {

struct answer {
    long status = 0;
    boost::json::value body;           // null where there is none
    std::vector<std::string> cookies;  // `name=value` of each Set-Cookie
    std::string location;              // of a redirection
    std::string text;                  // where it was asked for as text
    bool is_event_stream = false;
    bool replayed = false;             // an earlier answer to the same Idempotency-Key
    std::chrono::milliseconds took{};

    // The body's object. failure not_understood when it is none.
    const boost::json::object& object() const;
    // Of a problem (RFC 9457), as errors.md has them; "" otherwise.
    std::string problem_code() const;
};

// A member of an answer; failure not_understood when it is not there, or of another kind.
const boost::json::value& member_of(const boost::json::object& from, std::string_view name);
std::string text_of(const boost::json::object& from, std::string_view name);
std::int64_t number_of(const boost::json::object& from, std::string_view name);
// "" for null and for what is not there.
std::string optional_text_of(const boost::json::object& from, std::string_view name);

class api {
public:
    struct settings {
        std::string server;                   // http://host:port, without a path
        std::string ca_file;                  // "": the system's
        std::chrono::milliseconds timeout{};  // of one call
    };

    api(settings at, credential who);
    ~api();
    api(const api&) = delete;
    api& operator=(const api&) = delete;

    // 2xx is an answer; everything else a failure.
    answer get(std::string_view path);
    answer remove(std::string_view path);
    answer post(std::string_view path, const boost::json::value& body);

    // A stream of lines (text/event-stream) until the server ends it or `take` returns false. `url` is absolute, or a path.
    void stream(const std::string& url, const std::function<bool(std::string_view line)>& take);

    enum class form { json, text, stream };

    // Whatever the status is. Throws only when there is no answer, or none of that kind. Ctrl-C cuts short what only reads;
    // what changes something is waited for, so that it can be told. Of a stream no timeout but that of connecting holds.
    answer call(std::string_view method, const std::string& url, const boost::json::value* body, const std::string& key = {},
                form kind = form::json);
    // 2xx as it is; everything else as a failure.
    answer checked(answer given) const;

    const settings& at() const noexcept { return at_; }
    const credential& who() const noexcept { return who_; }
    // Whether anybody has ever answered at the address, whatever it was.
    bool has_answered() const noexcept { return answered_; }

private:
    struct transfer;
    std::string absolute(std::string_view path) const;
    // Why there is no answer: curl's code, and the status if there was one.
    failure no_answer(const std::string& url, int outcome, long status) const;

    settings at_;
    credential who_;
    bool answered_ = false;
    std::unique_ptr<transfer> transfer_;
};

// RFC 3986 section 2.1, for a value in a query or a path segment.
std::string percent_encoded(std::string_view text);

}  // namespace stagedoor::ctl
