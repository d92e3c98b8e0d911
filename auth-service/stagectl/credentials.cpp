#include "auth-service/stagectl/credentials.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "auth-service/stagectl/api.hpp"
#include "auth-service/stagectl/failure.hpp"

namespace stagedoor::ctl {
namespace {

namespace json = boost::json;

constexpr auto only_ours = S_IRWXG | S_IRWXO;

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& why) {
    throw failure{exit_code::usage, "the credentials in " + path.string() + ' ' + why};
}

void write_whole(const std::filesystem::path& path, std::string_view text) {
    const auto fresh = path.string() + '.' + std::to_string(::getpid());
    const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    bool written = fd >= 0;
    for (std::size_t at = 0; written && at < text.size();) {
        const auto count = ::write(fd, text.data() + at, text.size() - at);
        written = count > 0 || errno == EINTR;
        if (count > 0) at += static_cast<std::size_t>(count);
    }
    written = written && ::fsync(fd) == 0 && ::rename(fresh.c_str(), path.c_str()) == 0;
    const int why = errno;
    if (fd >= 0) ::close(fd);
    if (written) return;
    ::unlink(fresh.c_str());
    refuse(path, std::string{"cannot be written: "} + std::strerror(why));
}

}  // namespace

std::filesystem::path credential_file::default_path() {
    const char* const base = std::getenv("XDG_CONFIG_HOME");
    const char* const home = std::getenv("HOME");
    const auto config = base && *base ? std::filesystem::path{base} : std::filesystem::path{home ? home : "."} / ".config";
    return config / "stagedoor" / "credentials.json";
}

credential_file::credential_file(std::filesystem::path path) : path_{std::move(path)} { load(); }

std::optional<credential> credential_file::find(std::string_view server) const {
    const auto found = std::ranges::find(servers_, server, &std::pair<std::string, credential>::first);
    if (found == servers_.end()) return std::nullopt;
    return found->second;
}

void credential_file::put(const std::string& server, const credential& what) {
    const auto found = std::ranges::find(servers_, server, &std::pair<std::string, credential>::first);
    if (found == servers_.end()) {
        servers_.emplace_back(server, what);
    } else {
        found->second = what;
    }
    last_ = server;
    save();
}

void credential_file::forget(const std::string& server) {
    std::erase_if(servers_, [&](const auto& entry) { return entry.first == server; });
    if (last_ == server) last_ = servers_.empty() ? std::string{} : servers_.back().first;
    save();
}

void credential_file::load() {
    struct stat about{};
    if (::stat(path_.c_str(), &about) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return;
        refuse(path_, std::string{"cannot be read: "} + std::strerror(errno));
    }
    if ((about.st_mode & only_ours) != 0) refuse(path_, "can be read by others: chmod 600 it, and sign in anew");
    std::ifstream file{path_, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    json::error_code wrong;
    const auto document = json::parse(text, wrong);
    const auto* const whole = wrong ? nullptr : document.if_object();
    const auto* const servers = whole && whole->contains("servers") ? whole->at("servers").if_object() : nullptr;
    if (!servers) refuse(path_, "are damaged: remove the file, and sign in anew");
    last_ = optional_text_of(*whole, "last");
    for (const auto& entry : *servers) {
        const auto* const kept = entry.value().if_object();
        if (kept) servers_.emplace_back(entry.key(), credential{optional_text_of(*kept, "cookie"), optional_text_of(*kept, "token"), optional_text_of(*kept, "account")});
    }
}

void credential_file::save() const {
    json::object servers;
    for (const auto& [server, kept] : servers_) {
        json::object entry;
        if (!kept.cookie.empty()) entry["cookie"] = kept.cookie;
        if (!kept.token.empty()) entry["token"] = kept.token;
        entry["account"] = kept.account;
        servers[server] = std::move(entry);
    }
    std::error_code failed;
    std::filesystem::create_directories(path_.parent_path(), failed);
    if (failed) refuse(path_, "have no folder: " + failed.message());
    write_whole(path_, json::serialize(json::object{{"last", last_}, {"servers", std::move(servers)}}) + '\n');
}

}  // namespace stagedoor::ctl
