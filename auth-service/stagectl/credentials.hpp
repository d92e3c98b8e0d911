// What stagectl remembers between calls: for each server a session cookie or an API token. One JSON file in the user's
// configuration directory, mode 0600; a file that others can read is refused, as ssh does with keys.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stagedoor::ctl {

struct credential {
    std::string cookie;   // `name=value; name=value`, of a session
    std::string token;    // or an API token
    std::string account;  // e-mail, or the token's name where it is known: for people
    bool none() const noexcept { return cookie.empty() && token.empty(); }
};

class credential_file {
public:
    // $XDG_CONFIG_HOME/stagedoor/credentials.json, else ~/.config/…
    static std::filesystem::path default_path();

    // Throws failure: the file is not ours alone, or no such file as we write.
    explicit credential_file(std::filesystem::path path);

    std::optional<credential> find(std::string_view server) const;
    // The server of the last login; "" before the first.
    const std::string& last_server() const noexcept { return last_; }

    // Written at once, by renaming: never half a file.
    void put(const std::string& server, const credential& what);
    void forget(const std::string& server);

    const std::filesystem::path& path() const noexcept { return path_; }

private:
    void load();
    void save() const;

    std::filesystem::path path_;
    std::string last_;
    std::vector<std::pair<std::string, credential>> servers_;
};

}  // namespace stagedoor::ctl
