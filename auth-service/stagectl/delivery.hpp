// Whether open tabs have heard of a decision: asked again and again, for --wait-delivered, and told.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <string>

#include "auth-service/stagectl/patience.hpp"

namespace stagedoor::ctl {

// Until `until`, or Ctrl-C. Each outcome that was done (or was before) gets `delivery` and `tabs`:
//   acknowledged   every open tab has acknowledged it, or was closed for it; `tabs` has how many
//   given          written to every open tab; some have left since, or listen to the event stream, which cannot acknowledge
//   closed         it has ended the sessions of all open tabs (a suspension), which were closed for it
//   no_open_tab    nobody listened
//   waiting        not within the time
//   unknown        it was too long ago: nobody knows any more
// False when one is `waiting` or `unknown`.
bool wait_delivered(patient_calls& server, progress_bar& bar, boost::json::array& outcomes, std::chrono::steady_clock::time_point until);

// ", acknowledged by 1 of 1 open tabs", behind an outcome; "" when it was not waited for.
std::string shown_delivery(const boost::json::object& outcome);
// A line that counts them, for many; "" likewise.
std::string shown_deliveries(const boost::json::array& outcomes);

}  // namespace stagedoor::ctl
