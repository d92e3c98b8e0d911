// From a table of endpoints to handlers.
//
//     constexpr http::endpoint<api> endpoints[] = {
//         {http::method::post, "/api/auth/login", &login},
//         {http::method::post, "/api/admin/stage-managers/{id}/approve", &approve},
//     };
//     runtime::task<http::response> approve(api& context, const http::request& incoming);
#pragma once

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "common/http/route_table.hpp"
#include "common/http/service.hpp"

namespace stagedoor::http {

template <class Context>
struct endpoint {
    method verb;
    std::string_view pattern;  // see is_pattern; static lifetime
    // `context` outlives every request; `incoming` lives until the task ends.
    runtime::task<response> (*handle)(Context& context, const request& incoming);
    // As service::may_be_large, for calls whose bodies may be large.
    runtime::task<std::optional<response>> (*may_be_large)(Context& context, const request& incoming) = nullptr;
};

// For static_assert beside a table.
template <class Table>
constexpr bool are_patterns(const Table& table) noexcept {
    return std::ranges::all_of(table, [](const auto& each) { return is_pattern(each.pattern); });
}

// The answers when no endpoint serves a request: 404, or 405 with Allow.
runtime::task<response> answer_unrouted(route_table::outcome::kind what, std::uint16_t allowed);

template <class Context>
class router final : public service {
public:
    // The table and the context outlive the router.
    router(std::span<const endpoint<Context>> endpoints, Context& context)
        : endpoints_{endpoints}, context_{context}, table_{routes_of(endpoints)} {}

    runtime::task<response> handle(request& incoming) override {
        const auto found = table_.find(incoming.verb(), incoming.path());
        incoming.set_route(found.match);
        if (found.what != route_table::outcome::kind::found) return answer_unrouted(found.what, found.allowed);
        return endpoints_[found.index].handle(context_, incoming);
    }

    runtime::task<std::optional<response>> may_be_large(request& incoming) override {
        const auto found = table_.find(incoming.verb(), incoming.path());
        incoming.set_route(found.match);
        const bool asks = found.what == route_table::outcome::kind::found && endpoints_[found.index].may_be_large;
        return asks ? endpoints_[found.index].may_be_large(context_, incoming) : service::may_be_large(incoming);
    }

private:
    static std::vector<route_table::route> routes_of(std::span<const endpoint<Context>> endpoints) {
        std::vector<route_table::route> routes;
        for (const auto& each : endpoints) routes.push_back({each.verb, each.pattern});
        return routes;
    }

    const std::span<const endpoint<Context>> endpoints_;
    Context& context_;
    const route_table table_;
};

}  // namespace stagedoor::http
