#include "common/http/route_table.hpp"

#include <algorithm>
#include <stdexcept>

namespace stagedoor::http {
namespace {

constexpr std::uint16_t bit(method verb) noexcept {
    return static_cast<std::uint16_t>(1u << static_cast<unsigned>(verb));
}

// The first segment of `path`, which begins with '/'; `path` moves behind it.
std::string_view take_segment(std::string_view& path) noexcept {
    path.remove_prefix(1);
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    return segment;
}

bool matches(std::string_view pattern, std::string_view path, request::matched_route& match) noexcept {
    match = {};
    match.pattern = pattern;
    std::size_t parameters = 0;
    while (!pattern.empty() && !path.empty()) {
        const auto expected = take_segment(pattern);
        const auto actual = take_segment(path);
        if (expected.starts_with('{')) {
            if (actual.empty()) return false;
            match.parameters[parameters++] = {expected.substr(1, expected.size() - 2), actual};
        } else if (expected != actual) {
            return false;
        }
    }
    return pattern.empty() && path.empty();
}

}  // namespace

route_table::route_table(std::span<const route> routes) {
    for (std::size_t i = 0; i < routes.size(); ++i) {
        const auto& [verb, pattern] = routes[i];
        if (!is_pattern(pattern)) throw std::logic_error{"not a route: " + std::string{pattern}};
        auto& groups = pattern.find('{') == std::string_view::npos ? literals_ : parametrised_;
        auto place = std::ranges::find(groups, pattern, &group::pattern);
        if (place == groups.end()) {
            groups.push_back({pattern, {}, 0});
            place = groups.end() - 1;
            place->endpoints.fill(none);
        }
        auto& slot = place->endpoints[static_cast<std::size_t>(verb)];
        if (slot != none) throw std::logic_error{"two endpoints: " + std::string{pattern}};
        slot = static_cast<std::uint16_t>(i);
        place->allowed = static_cast<std::uint16_t>(place->allowed | bit(verb));
    }
    for (auto* groups : {&literals_, &parametrised_}) {
        for (auto& each : *groups) {
            auto& head = each.endpoints[static_cast<std::size_t>(method::head)];
            const auto get = each.endpoints[static_cast<std::size_t>(method::get)];
            if (head == none && get != none) {
                head = get;
                each.allowed = static_cast<std::uint16_t>(each.allowed | bit(method::head));
            }
        }
    }
    std::ranges::sort(literals_, {}, &group::pattern);
}

route_table::outcome route_table::find(method verb, std::string_view path) const noexcept {
    outcome found;
    const auto settle = [&](const group& matched) {
        const auto index = matched.endpoints[static_cast<std::size_t>(verb)];
        found.what = index == none ? outcome::kind::method_not_allowed : outcome::kind::found;
        found.index = index;
        found.allowed = matched.allowed;
        return found;
    };
    const auto literal = std::ranges::lower_bound(literals_, path, {}, &group::pattern);
    if (literal != literals_.end() && literal->pattern == path) {
        found.match.pattern = literal->pattern;
        return settle(*literal);
    }
    for (const auto& each : parametrised_) {
        if (path.starts_with('/') && matches(each.pattern, path, found.match)) return settle(each);
    }
    found.match = {};
    return found;
}

std::string route_table::allow_field(std::uint16_t allowed) {
    std::string field;
    for (std::size_t i = 0; i < method_count; ++i) {
        const auto verb = static_cast<method>(i);
        if ((allowed & bit(verb)) == 0) continue;
        if (!field.empty()) field += ", ";
        field += to_string(verb);
    }
    return field;
}

}  // namespace stagedoor::http
