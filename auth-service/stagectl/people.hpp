// Who is meant: e-mails and ids, from the command line, a file or standard input.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "auth-service/stagectl/api.hpp"

namespace stagedoor::ctl {

// An e-mail or an id as somebody has written it.
struct written_name {
    std::string text;
    std::string where;  // `people.csv:3`; "" on the command line
};

// Somebody named, as written, and their id.
struct person {
    std::string written;
    std::string id;  // "": there is no stage manager of that e-mail
};

// The names in `text`: one on each line, or CSV as spreadsheets write it (RFC 4180, also with `;` or tabs between the
// fields), whose first line has a column `email` or `id`, in any case. Empty lines and lines that begin with # are passed
// over. failure usage names `source` and line.
std::vector<written_name> read_names(std::string_view text, const std::string& source);
// "-": standard input.
std::vector<written_name> read_names_from(const std::filesystem::path& file);

// Stage managers. Ids as they are; an e-mail is looked up, for which a server that is away is waited for. Each id once, in
// the order written.
std::vector<person> find_people(api& server, const std::vector<written_name>& names, std::chrono::milliseconds patience = {});

// The facts of one user of whatever role, by e-mail or id. failure not_found when there is nobody.
boost::json::object find_user(api& server, const std::string& name);
// The id alone: one that is written is taken as it is, and nobody is asked.
std::string find_user_id(api& server, const std::string& name);

}  // namespace stagedoor::ctl
