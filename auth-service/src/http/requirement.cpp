#include "auth-service/src/http/requirement.hpp"

#include "auth-service/src/http/guard.hpp"
#include "common/http/query.hpp"

namespace stagedoor::api {
namespace {

template <class Enum>
constexpr std::uint8_t bit(Enum value) noexcept {
    return static_cast<std::uint8_t>(1u << static_cast<unsigned>(value));
}

template <class Value>
bool put_in(std::uint8_t& set, const std::optional<Value>& value) noexcept {
    if (value) set = static_cast<std::uint8_t>(set | bit(*value));
    return value.has_value();
}

}  // namespace

std::optional<requirement> requirement::parse(std::string_view query, std::string& complaint) {
    requirement wanted;
    if (query.empty()) return wanted;
    const auto given = http::query::parse(query);
    if (!given) {
        complaint = "The query cannot be read.";
        return std::nullopt;
    }
    for (const auto& [name, values] : given->all()) {
        std::string_view rest = values;
        for (bool more = true; more;) {
            const auto comma = rest.find(',');
            if (!wanted.add(name, rest.substr(0, comma), complaint)) return std::nullopt;
            more = comma != std::string_view::npos;
            if (more) rest.remove_prefix(comma + 1);
        }
    }
    return wanted;
}

bool requirement::add(std::string_view name, std::string_view value, std::string& complaint) {
    if (name == "role") {
        complaint = "role has to be stage_manager or admin.";
        return put_in(roles_, parse_role(value));
    }
    if (name == "status") {
        complaint = "status has to be pending, active, rejected or suspended.";
        return put_in(statuses_, parse_status(value));
    }
    complaint = "The query may have role and status.";
    return false;
}

result<void> requirement::admits(const user_facts& user) const noexcept {
    if (roles_ != 0 && (roles_ & bit(user.role)) == 0) return errc::forbidden;
    if (statuses_ != 0 && (statuses_ & bit(user.status)) == 0) return kept_out(user.status).value_or(errc::forbidden);
    return {};
}

}  // namespace stagedoor::api
