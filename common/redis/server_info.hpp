// What INFO tells about a server, as far as it decides whether Stagedoor can work with it. Pure.
#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <string_view>

namespace stagedoor::redis {

struct server_info {
    std::string version;           // 7.0.15
    std::string run_id;            // 40 hex digits: names this server process (R6)
    std::string role;              // master, slave
    std::string maxmemory_policy;  // empty: INFO did not say
    bool loading = false;          // reading its data from disk; data commands are refused meanwhile
};

// Fields that the text lacks stay empty.
server_info parse_server_info(std::string_view info);

// The error says in one sentence why Stagedoor must not run on this server (R8): it could evict sessions and streams,
// is older than 6.2, or is a replica.
boost::system::result<void, std::string> check_server(const server_info& server);

}  // namespace stagedoor::redis
