// Who is meant: e-mails and ids, from the command line, a file or standard input.
#pragma once

#include <chrono>
#include <filesystem>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "auth-service/stagectl/api.hpp"

namespace stagedoor::ctl {

// Somebody named, as written, and their id.
struct person {
    std::string written;
    std::string id;  // "": there is nobody of that e-mail
};

// The names in `text`: one on each line, or CSV (RFC 4180) whose first line has a column `email` or `id`. Empty lines and
// lines that begin with # are passed over. failure usage names `source` and line.
std::vector<std::string> read_names(std::string_view text, const std::string& source);
std::vector<std::string> read_names_from(const std::filesystem::path& file);

// Ids as they are; an e-mail is looked up, for which a server that is away is waited for. Each id once, in the order
// written.
std::vector<person> find_people(api& server, const std::vector<std::string>& names, std::chrono::milliseconds patience = {});
// failure not_found when there is nobody.
std::string find_person(api& server, const std::string& name);

}  // namespace stagedoor::ctl
