// The audit log from a place on: each entry once, in the order in which they were committed, however long nobody looked.
#pragma once

#include <boost/json/array.hpp>
#include <functional>
#include <string>

#include "auth-service/stagectl/api.hpp"

namespace stagedoor::ctl {

class audit_follower {
public:
    // From now on. A server that is away is a failure here.
    explicit audit_follower(api& server);

    // What was written since, oldest first; a page at a time, so `take` may be called more than once. False as soon as it
    // returns false. After a failure it goes on where it was.
    bool catch_up(const std::function<bool(const boost::json::array& entries)>& take);

    // The log has gone back since the last call: the database is an older copy, and what it was told between is lost.
    bool has_gone_back() noexcept;

private:
    api& server_;
    std::string place_;
    bool gone_back_ = false;
};

}  // namespace stagedoor::ctl
