// What the server has answered, and looking into it: what is missing there, or of another kind, is a failure.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
    std::optional<std::chrono::seconds> retry_after;  // RFC 9110 section 10.2.3, either form
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

// What a problem says, with what is wrong field by field, and its code.
std::string detail_of(const answer& problem);
// Of an answer that is no success. What a status means may depend on whose it is: a gateway's comes without a code.
exit_code exit_code_of(const answer& given);

}  // namespace stagedoor::ctl
