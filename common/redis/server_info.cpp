#include "common/redis/server_info.hpp"

#include <charconv>
#include <utility>

namespace stagedoor::redis {
namespace {

std::string_view field(std::string_view info, std::string_view name) {
    for (std::size_t at = 0; at < info.size();) {
        const auto end = std::min(info.find("\r\n", at), info.size());
        const auto line = info.substr(at, end - at);
        if (line.starts_with(name) && line.substr(name.size()).starts_with(':')) return line.substr(name.size() + 1);
        at = end + 2;
    }
    return {};
}

bool is_at_least_6_2(std::string_view version) {
    int major = 0;
    int minor = 0;
    const char* const end = version.data() + version.size();
    const auto dot = std::from_chars(version.data(), end, major);
    if (dot.ec != std::errc{}) return false;
    if (dot.ptr != end) std::from_chars(dot.ptr + 1, end, minor);
    return std::pair{major, minor} >= std::pair{6, 2};
}

}  // namespace

server_info parse_server_info(std::string_view info) {
    return {
        .version = std::string{field(info, "redis_version")},
        .run_id = std::string{field(info, "run_id")},
        .role = std::string{field(info, "role")},
        .maxmemory_policy = std::string{field(info, "maxmemory_policy")},
        .loading = field(info, "loading") == "1",
    };
}

boost::system::result<void, std::string> check_server(const server_info& server) {
    if (server.maxmemory_policy.empty()) return std::string{"Redis does not say its maxmemory-policy (INFO)"};
    if (server.maxmemory_policy != "noeviction") {
        return "Redis may evict sessions: its maxmemory-policy is " + server.maxmemory_policy +
               " and has to be noeviction";
    }
    if (!is_at_least_6_2(server.version)) return "Redis is version " + server.version + "; 6.2 or newer is needed";
    if (server.role != "master") return "Redis is a replica (role " + server.role + "); the master is needed";
    return {};
}

}  // namespace stagedoor::redis
