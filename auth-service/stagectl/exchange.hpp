// One request and its answer by libcurl: what every request of ours has in common, and what is read off the head of every
// answer. The connection is kept between them. Used by api and by bell, nobody else.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <string>
#include <string_view>

#include "auth-service/stagectl/answer.hpp"
#include "auth-service/stagectl/credentials.hpp"

namespace stagedoor::ctl {

// Where the server is, and how it is spoken to.
struct server_settings {
    std::string server;                   // http://host:port, without a path
    std::string ca_file;                  // "": the system's
    std::chrono::milliseconds timeout{};  // of one call
};

class exchange {
public:
    // failure usage when libcurl does not work.
    exchange();
    ~exchange();
    exchange(const exchange&) = delete;
    exchange& operator=(const exchange&) = delete;

    // Everything but what becomes of the body: the caller says CURLOPT_WRITEFUNCTION, and the timeout if there is one.
    void prepare(const server_settings& at, const credential& who, std::string_view method, const std::string& url,
                 std::string_view accept);
    // A field for this request, after prepare().
    void add_field(const std::string& line);
    // JSON to be sent, after prepare().
    void add_body(std::string text);
    // What the answer is known by once there is one: status, Retry-After.
    void note_outcome();

    CURL* handle() const noexcept { return handle_; }
    answer heard;

private:
    static std::size_t on_field(char* data, std::size_t, std::size_t size, void* self);

    CURL* handle_;
    curl_slist* fields_ = nullptr;
    std::string body_;
};

}  // namespace stagedoor::ctl
