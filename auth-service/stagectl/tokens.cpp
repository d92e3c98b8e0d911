// API tokens: lists them, makes one, revokes one.
#include <boost/json.hpp>

#include "auth-service/stagectl/commands.hpp"
#include "auth-service/stagectl/listing.hpp"
#include "auth-service/stagectl/print.hpp"

namespace stagedoor::ctl {
namespace {

namespace json = boost::json;

exit_code revoke(desk& at, const std::string& id) {
    static_cast<void>(find_or_name("API token " + id, [&] { return at.server.remove("/api/admin/tokens/" + percent_encoded(id)); }));
    if (at.as_json()) {
        print_json(json::object{{"revoked", id}});
    } else {
        print("Revoked.\n");
    }
    return exit_code::done;
}

exit_code create(desk& at, const std::string& name) {
    const auto& wanted = at.given.tokens;
    const auto made = at.server.post("/api/admin/tokens", json::object{{"name", name},
                                                                       {"scope", wanted.scope},
                                                                       {"expiresInDays", static_cast<std::int64_t>(wanted.days)}});
    const auto token = text_of(made.object(), "token");
    if (at.as_json()) {
        print_json(made.body);
    } else {
        print(token + '\n');  // alone, so that $(…) takes it
    }
    return exit_code::done;
}

std::string shown_end(const json::object& token) {
    return optional_text_of(token, "revokedAt").empty() ? shown_time(text_of(token, "expiresAt")) : "revoked";
}

}  // namespace

exit_code tokens(desk& at) {
    const auto& what = at.given.tokens.what;
    if (!what.empty()) {
        const auto& verb = what.front();
        if (what.size() == 2 && verb == "create") return create(at, what[1]);
        if (what.size() == 2 && verb == "revoke") return revoke(at, what[1]);
        throw failure{exit_code::usage, "tokens takes nothing, `create NAME`, or `revoke ID`"};
    }
    auto all = items_of(at.server, "/api/admin/tokens");
    if (at.as_json()) {
        print_list(std::move(all.items));
        return exit_code::done;
    }
    table rows{{"ID", "SCOPE", "OWNER", "EXPIRES (UTC)", "LAST USED (UTC)", "NAME"}};
    for (const auto& item : all.items) {
        const auto& token = item.as_object();
        rows.add({text_of(token, "id"), text_of(token, "scope"), shown_name(token, "owner"), shown_end(token),
                  shown_time(optional_text_of(token, "lastUsedAt")), text_of(token, "name")});
    }
    if (rows.rows() == 0) {
        print("No tokens.\n");
    } else {
        print_table(rows);
    }
    return exit_code::done;
}

}  // namespace stagedoor::ctl
