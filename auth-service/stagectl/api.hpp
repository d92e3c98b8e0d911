// The server's HTTP API as a command sees it: a call answers with JSON, or throws a failure whose line says what to do.
// Knows nothing of people and decisions. One thread; libcurl keeps the connection between calls.
#pragma once

#include <boost/json/value.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "auth-service/stagectl/answer.hpp"
#include "auth-service/stagectl/credentials.hpp"
#include "auth-service/stagectl/exchange.hpp"

namespace stagedoor::ctl {

class api {
public:
    api(server_settings at, credential who);
    ~api();
    api(const api&) = delete;
    api& operator=(const api&) = delete;

    // 2xx is an answer; everything else a failure.
    answer get(std::string_view path);
    answer remove(std::string_view path);
    answer post(std::string_view path, const boost::json::value& body);

    enum class form { json, text };

    // Whatever the status is. Throws only when there is no answer, or none of that kind. Ctrl-C cuts short what only reads;
    // what changes something is waited for, so that it can be told.
    answer call(std::string_view method, const std::string& url, const boost::json::value* body, const std::string& key = {},
                form kind = form::json);
    // 2xx as it is; everything else as a failure.
    answer checked(answer given) const;

    const server_settings& at() const noexcept { return at_; }
    const credential& who() const noexcept { return who_; }
    // Whether anybody has ever answered at the address, whatever it was.
    bool has_answered() const noexcept { return answered_; }

private:
    std::string absolute(std::string_view path) const;
    std::string advice_for(const answer& given) const;
    // Why there is no answer: curl's code, and the status if there was one.
    failure no_answer(const std::string& url, int outcome, long status) const;

    server_settings at_;
    credential who_;
    bool answered_ = false;
    std::string received_;
    exchange exchange_;
};

// What `call` returns; when the server says that it has no such thing, the failure says what that was.
template <class Call>
auto find_or_name(const std::string& what, const Call& call) {
    try {
        return call();
    } catch (const failure& why) {
        if (why.code() != exit_code::not_found) throw;
        throw failure{exit_code::not_found, "there is no " + what};
    }
}

// RFC 3986 section 2.1, for a value in a query or a path segment.
std::string percent_encoded(std::string_view text);

}  // namespace stagedoor::ctl
