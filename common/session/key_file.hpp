// The file of session keys: read strictly, made when it is missing. The one place of this room that does I/O; called
// once at start.
#pragma once

#include <boost/system/result.hpp>
#include <filesystem>
#include <string>

#include "common/session/key_ring.hpp"

namespace stagedoor::session {

enum class missing_key_file : bool { is_an_error, is_made };

// The error is a sentence for the operator: the file cannot be read, is no regular file, is readable by others than its
// owner and group, is too large, or has in it what key_ring::parse complains of. A file that is made has mode 0600.
boost::system::result<key_ring, std::string> load_key_file(const std::filesystem::path& path, missing_key_file when);

}  // namespace stagedoor::session
