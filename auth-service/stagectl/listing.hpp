// Lists: read page by page, told as tables to people, and to scripts in one shape, `{items, …}`.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "auth-service/stagectl/api.hpp"
#include "auth-service/stagectl/table.hpp"

namespace stagedoor::ctl {

struct listing {
    boost::json::array items;
    boost::json::object last_page;
    bool more = false;  // there are more than were asked for
};

// Items of all pages of `path` up to `limit`; 0: all. failure interrupted.
listing items_of(api& server, const std::string& path, std::size_t limit = 0);

// `&name=value`, or `?`; nothing for an empty value.
void append_parameter(std::string& path, std::string_view name, const std::string& value);

// The one shape of lists: `{items}` and what else `beside` has.
void print_list(boost::json::array items, boost::json::object beside = {});

// Aligned, and within the width of the terminal. A pipe gets lines as long as they are.
void print_table(const table& rows);
// Said to people behind a table that has not all.
void print_more(std::string_view how);

// Somebody in the member `name`, for people: the e-mail of a user, or what a part of the system is called.
std::string shown_name(const boost::json::object& from, std::string_view name);

}  // namespace stagedoor::ctl
