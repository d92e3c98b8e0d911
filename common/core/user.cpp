#include "common/core/user.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "common/core/json.hpp"

namespace stagedoor {
namespace {

constexpr std::array<std::string_view, 2> role_names{"stage_manager", "admin"};
constexpr std::array<std::string_view, 4> status_names{"pending", "active", "rejected", "suspended"};

template <class Enum, std::size_t N>
std::optional<Enum> parse_name(const std::array<std::string_view, N>& names, std::string_view text) noexcept {
    const auto at = std::ranges::find(names, text);
    if (at == names.end()) return std::nullopt;
    return static_cast<Enum>(at - names.begin());
}

void append_public_members(std::string& out, const user_facts& facts) {
    out.append("{\"id\":\"");
    append_uuid(out, facts.id.bytes);
    out.append("\",\"email\":");
    append_json_string(out, facts.email);
    out.append(",\"displayName\":");
    append_json_string(out, facts.display_name);
    out.append(",\"role\":\"").append(to_string(facts.role));
    out.append("\",\"status\":\"").append(to_string(facts.status));
    out.append("\",\"version\":").append(std::to_string(facts.version));
}

}  // namespace

std::string_view to_string(user_role role) noexcept { return role_names[static_cast<std::size_t>(role)]; }
std::string_view to_string(user_status status) noexcept { return status_names[static_cast<std::size_t>(status)]; }
std::optional<user_role> parse_role(std::string_view text) noexcept { return parse_name<user_role>(role_names, text); }
std::optional<user_status> parse_status(std::string_view text) noexcept {
    return parse_name<user_status>(status_names, text);
}

const transition* find_transition(std::string_view action) noexcept {
    const auto row = std::ranges::find(transition_table, action, &transition::action);
    return row == transition_table.end() ? nullptr : &*row;
}

void append_public_json(std::string& out, const user_facts& facts) {
    append_public_members(out, facts);
    out.append("}");
}

std::string to_snapshot_json(const user_facts& facts) {
    std::string out;
    out.reserve(320);
    append_public_members(out, facts);
    out.append(",\"epoch\":").append(std::to_string(facts.epoch));
    out.append(",\"keptSession\":");
    if (facts.kept_session) {
        out.append("\"").append(facts.kept_session->text()).append("\"");
    } else {
        out.append("null");
    }
    out.append(",\"keptEpoch\":").append(facts.kept_epoch ? std::to_string(*facts.kept_epoch) : "null");
    out.append("}");
    return out;
}

result<user_facts> parse_snapshot(std::string_view text) {
    std::array<unsigned char, 4096> scratch;
    boost::json::monotonic_resource memory{scratch.data(), scratch.size()};
    boost::json::error_code failed;
    const auto document = boost::json::parse(text, failed, &memory);
    const auto* const object = failed ? nullptr : document.if_object();
    if (!object) return errc::redis_protocol;

    const auto string_at = [&](std::string_view name) -> std::string_view {
        const auto* const value = object->if_contains(name);
        const auto* const string = value ? value->if_string() : nullptr;
        return string ? std::string_view{*string} : std::string_view{};
    };
    const auto integer_at = [&](std::string_view name) -> std::optional<std::int64_t> {
        const auto* const value = object->if_contains(name);
        const auto* const integer = value ? value->if_int64() : nullptr;
        if (!integer) return std::nullopt;
        return *integer;
    };

    const auto id = user_id::parse(string_at("id"));
    const auto role = parse_role(string_at("role"));
    const auto status = parse_status(string_at("status"));
    const auto version = integer_at("version");
    const auto epoch = integer_at("epoch");
    if (!id || !role || !status || !version || !epoch) return errc::redis_protocol;

    return user_facts{*id,     std::string{string_at("email")},
                      std::string{string_at("displayName")},
                      *role,   *status,
                      *version, *epoch,
                      session_id::parse(string_at("keptSession")), integer_at("keptEpoch")};
}

}  // namespace stagedoor
