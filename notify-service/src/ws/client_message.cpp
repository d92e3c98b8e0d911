#include "notify-service/src/ws/client_message.hpp"

#include <array>
#include <boost/json.hpp>

#include "common/core/event.hpp"

namespace stagedoor::notify {

std::optional<std::int64_t> read_acknowledgement(std::string_view text, const user_id& user, std::int64_t sent) {
    std::array<unsigned char, 1024> scratch;
    boost::json::monotonic_resource memory{scratch.data(), scratch.size()};
    boost::json::error_code failed;
    const auto document = boost::json::parse(text, failed, &memory);
    const auto* const object = failed ? nullptr : document.if_object();
    if (!object) return std::nullopt;

    const auto string_at = [&](std::string_view name) -> std::string_view {
        const auto* const value = object->if_contains(name);
        const auto* const string = value ? value->if_string() : nullptr;
        return string ? std::string_view{*string} : std::string_view{};
    };
    if (string_at("type") != "ack") return std::nullopt;
    const auto version = parse_cursor(string_at("cursor"), user);
    if (!version || *version > sent) return std::nullopt;
    return version;
}

}  // namespace stagedoor::notify
