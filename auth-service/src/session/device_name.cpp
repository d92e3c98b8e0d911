#include "auth-service/src/session/device_name.hpp"

#include <array>

namespace stagedoor::session {
namespace {

struct known {
    std::string_view mark;
    std::string_view name;
};

// The first mark found counts: browsers claim to be those that were there before them, so newer ones come first.
constexpr std::array browsers{
    known{"Edg/", "Edge"},         known{"EdgA/", "Edge"},
    known{"EdgiOS/", "Edge"},      known{"OPR/", "Opera"},
    known{"OPT/", "Opera"},        known{"SamsungBrowser/", "Samsung Internet"},
    known{"Vivaldi/", "Vivaldi"},  known{"FxiOS/", "Firefox"},
    known{"Firefox/", "Firefox"},  known{"CriOS/", "Chrome"},
    known{"Chromium/", "Chromium"}, known{"HeadlessChrome/", "Chrome"},
    known{"Chrome/", "Chrome"},    known{"Safari/", "Safari"},
};

// iPads and iPhones name Mac OS X too, Android names Linux.
constexpr std::array systems{
    known{"iPhone", "iPhone"}, known{"iPad", "iPad"},      known{"Android", "Android"}, known{"Windows", "Windows"},
    known{"CrOS", "ChromeOS"}, known{"Macintosh", "Mac"},  known{"Linux", "Linux"},     known{"X11", "Unix"},
};

// Programs that name themselves first and no system.
constexpr std::array programs{
    known{"curl/", "curl"},          known{"Wget/", "Wget"},
    known{"python-", "Python"},      known{"Python/", "Python"},
    known{"Go-http-client/", "Go"},  known{"node", "Node.js"},
    known{"undici", "Node.js"},      known{"PostmanRuntime/", "Postman"},
    known{"okhttp/", "OkHttp"},      known{"Java/", "Java"},
    known{"stagectl/", "stagectl"},
};

template <std::size_t Count>
std::string_view find_in(const std::array<known, Count>& table, std::string_view text) noexcept {
    for (const auto& [mark, name] : table) {
        if (text.find(mark) != std::string_view::npos) return name;
    }
    return {};
}

}  // namespace

std::string device_name(std::string_view user_agent) {
    for (const auto& [mark, name] : programs) {
        if (user_agent.starts_with(mark)) return std::string{name};
    }
    const auto browser = find_in(browsers, user_agent);
    const auto system = find_in(systems, user_agent);
    if (browser.empty() && system.empty()) return "Unknown device";
    std::string name{browser.empty() ? std::string_view{"Browser"} : browser};
    if (!system.empty()) name.append(" on ").append(system);
    return name;
}

}  // namespace stagedoor::session
