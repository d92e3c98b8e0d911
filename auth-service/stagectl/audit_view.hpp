// Entries of the audit log, for people.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstddef>
#include <string>

#include "auth-service/stagectl/table.hpp"

namespace stagedoor::ctl {

// The first `most` of them, a line each.
table audit_table(const boost::json::array& entries, std::size_t most);

// Why it was done; where nobody has said so, what there is to say: what a refused call was, how a user has changed, which
// token it was.
std::string shown_why(const boost::json::object& entry);

}  // namespace stagedoor::ctl
