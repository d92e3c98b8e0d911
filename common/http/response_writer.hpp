// From a response to the bytes of HTTP/1.1. Pure.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "common/http/response.hpp"

namespace stagedoor::http {

// The Date of responses (RFC 9110 section 5.6.7), formatted once a second. One per shard.
class date_cache {
public:
    // Mon, 23 Nov 2026 20:52:08 GMT
    std::string_view at(std::time_t now);

private:
    std::time_t second_ = -1;
    std::string text_;
};

struct write_options {
    std::string_view date = {};
    std::string_view request_id = {};
    std::string_view extra_head = {};  // whole lines
    bool keep_alive = true;
    bool head_only = false;      // the request was HEAD
    unsigned minor_version = 1;  // of the request: HTTP/1.0 has to be told that the connection stays
};

// Appends head and body to `out`; the head alone when `answer` hands its socket over.
void append_response(std::string& out, const response& answer, const write_options& options);

// The JSON of a problem.
std::string problem_body(const problem& what, std::string_view request_id);

}  // namespace stagedoor::http
