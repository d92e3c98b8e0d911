// Standard output: tables and JSON. A reader that has left (a pager, `head`) ends the program quietly, as a success;
// anything else that keeps it from being written (a full disk) is failure not_written.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace stagedoor::ctl {

void print(std::string_view text);
// One value, indented, with a newline behind it.
void print_json(const boost::json::value& what);
// `2027-01-15T08:00:00.123Z` as `2027-01-15 08:00:00`; "never" for what is not there.
std::string shown_time(std::string_view rfc3339);
// The same where no heading says that it is UTC: `2027-01-15 08:00:00Z`.
std::string shown_moment(std::string_view rfc3339);
// "3 people", "1 person"
std::string counted(std::size_t count, std::string_view one, std::string_view many);

}  // namespace stagedoor::ctl
