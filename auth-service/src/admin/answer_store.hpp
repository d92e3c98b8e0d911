// The port to the answers that are given again to whoever repeats a request with its Idempotency-Key
// (draft-ietf-httpapi-idempotency-key-header). In the database, so that a restart forgets none.
#pragma once

#include <optional>
#include <string>

#include "common/core/errc.hpp"
#include "common/core/secrets.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::admin {

// What is known of a key when a request comes with it.
struct kept_request {
    enum class standing {
        fresh,      // nobody has asked with it: this request is to be done, then kept or forgotten
        in_flight,  // the first request is under way
        other,      // it came with another request
        answered,
    };
    standing what = standing::fresh;
    std::string answer;  // sealed; when answered
};

// All calls: errc::database_unavailable, errc::database_busy, errc::overloaded.
class answer_store {
public:
    virtual ~answer_store() = default;

    // `key`: a hash of the one who asks and their key; `request`: of the request. A fresh one is in flight from then
    // on, for limits::kept_answer_lease at most.
    virtual runtime::task<result<kept_request>> begin(sha256_digest key, sha256_digest request) = 0;

    // The answer of a fresh request, for limits::kept_answer_time.
    virtual runtime::task<result<void>> keep(sha256_digest key, std::string sealed) = 0;

    // A fresh request came to nothing: the next one with its key is fresh again.
    virtual runtime::task<result<void>> forget(sha256_digest key) = 0;

    // Drops what is older than limits::kept_answer_time.
    virtual runtime::task<result<void>> purge() = 0;
};

}  // namespace stagedoor::admin
