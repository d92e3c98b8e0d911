#include "common/redis/url.hpp"

#include <sys/un.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace stagedoor::redis {
namespace {

using parsed = boost::system::result<url, std::string>;

constexpr std::size_t unix_path_bytes = sizeof(sockaddr_un::sun_path) - 1;

constexpr std::array<std::string_view, 5> future_schemes{"rediss", "redis+sentinel", "rediss+sentinel", "redis+cluster",
                                                         "rediss+cluster"};

// A url is an aggregate, which a lone string would initialise: errors are named as such.
parsed wrong(std::string sentence) { return {boost::system::in_place_error, std::move(sentence)}; }

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out.push_back(text[i]);
            continue;
        }
        const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
        if (high < 0 || low < 0) return std::nullopt;
        out.push_back(static_cast<char>(high * 16 + low));
        i += 2;
    }
    if (out.find('\0') != std::string::npos) return std::nullopt;
    return out;
}

// Takes `user:password@` off the front of `rest`; the sentence when that cannot be read, else empty.
std::string take_credentials(std::string_view& rest, url& out) {
    const auto authority = rest.substr(0, rest.find('/'));
    const auto at = authority.rfind('@');
    if (at == std::string_view::npos) return {};
    const auto credentials = authority.substr(0, at);
    rest.remove_prefix(at + 1);

    const auto colon = credentials.find(':');
    if (colon == std::string_view::npos) return "the Redis URL names a user but no password (user:password@…)";
    const auto user = percent_decode(credentials.substr(0, colon));
    const auto password = percent_decode(credentials.substr(colon + 1));
    if (!user || !password) return "user or password in the Redis URL has a bad %xx escape";
    if (password->empty()) return "the password in the Redis URL is empty";
    out.user = *user;
    out.password = *password;
    return {};
}

parsed parse_unix(std::string_view rest) {
    url out;
    if (rest.starts_with("//")) {
        rest.remove_prefix(2);
        auto failure = take_credentials(rest, out);
        if (!failure.empty()) return wrong(failure);
    }
    if (!rest.starts_with('/')) return wrong("the unix socket in the Redis URL needs an absolute path (unix:/path)");
    if (rest.find_first_of("?#") != std::string_view::npos) {
        return wrong("the Redis URL has options after the path; there are none (write ? as %3F, # as %23)");
    }
    const auto path = percent_decode(rest);
    if (!path) return wrong("the path in the Redis URL has a bad %xx escape");
    if (path->size() > unix_path_bytes) {
        return wrong("the path in the Redis URL is longer than the system's " + std::to_string(unix_path_bytes) +
                     " bytes");
    }
    out.path = *path;
    return out;
}

// Takes host and port apart, `[…]` around IPv6 addresses; the sentence when that cannot be done, else empty.
std::string take_host(std::string_view authority, url& out) {
    std::string_view port;
    if (authority.starts_with('[')) {
        const auto end = authority.find(']');
        if (end == std::string_view::npos) return "the IPv6 address in the Redis URL lacks its ]";
        out.host = authority.substr(1, end - 1);
        port = authority.substr(end + 1);
        if (!port.empty() && port.front() != ':') return "the Redis URL has something odd after the ]";
    } else {
        const auto colon = authority.find(':');
        out.host = authority.substr(0, colon);
        if (colon != std::string_view::npos) port = authority.substr(colon);
    }
    if (out.host.empty()) return "the Redis URL has no host";
    if (port.empty()) return {};

    port.remove_prefix(1);
    const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    const bool good = failed == std::errc{} && end == port.data() + port.size() && out.port > 0;
    return good ? std::string{} : std::string{"the port in the Redis URL is not a number from 1 to 65535"};
}

parsed parse_tcp(std::string_view rest) {
    url out;
    if (!rest.starts_with("//")) return wrong("the Redis URL needs // after redis:");
    rest.remove_prefix(2);
    auto failure = take_credentials(rest, out);
    if (!failure.empty()) return wrong(failure);

    const auto slash = rest.find('/');
    failure = take_host(rest.substr(0, slash), out);
    if (!failure.empty()) return wrong(failure);
    const auto database = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
    if (!database.empty() && database != "0") {
        return wrong("the Redis URL names a database other than 0; pub/sub knows no databases, so there is only 0");
    }
    return out;
}

}  // namespace

std::string url::display() const {
    if (is_unix()) return "unix:" + path;
    const bool v6 = host.find(':') != std::string::npos;
    return "redis://" + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

parsed parse_url(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) {
        return wrong("the Redis URL has no scheme; it begins with redis:// or unix:");
    }
    const auto scheme = text.substr(0, colon);
    const auto rest = text.substr(colon + 1);
    if (scheme == "unix") return parse_unix(rest);
    if (scheme == "redis") return parse_tcp(rest);
    if (std::ranges::find(future_schemes, scheme) != future_schemes.end()) {
        return wrong(std::string{scheme} + ":// is not available in this version; use redis:// or unix:");
    }
    return wrong("the Redis URL begins with neither redis:// nor unix:");
}

}  // namespace stagedoor::redis
