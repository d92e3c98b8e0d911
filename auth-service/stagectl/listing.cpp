#include "auth-service/stagectl/listing.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>

#include "auth-service/stagectl/print.hpp"
#include "auth-service/stagectl/terminal.hpp"
#include "common/core/limits.hpp"

namespace stagedoor::ctl {

namespace json = boost::json;

listing items_of(api& server, const std::string& path, std::size_t limit) {
    const auto most = limit == 0 ? std::numeric_limits<std::size_t>::max() : limit;
    listing all;
    std::string cursor;
    do {
        auto page_path = path;
        append_parameter(page_path, "limit", std::to_string(std::min(limits::page_max, most - all.items.size())));
        append_parameter(page_path, "cursor", cursor);
        const auto page = server.get(page_path);
        for (const auto& item : member_of(page.object(), "items").as_array()) all.items.push_back(item);
        cursor = optional_text_of(page.object(), "nextCursor");
        all.last_page = page.object();
        stop_if_interrupted();
    } while (!cursor.empty() && all.items.size() < most);
    all.more = !cursor.empty();
    return all;
}

void append_parameter(std::string& path, std::string_view name, const std::string& value) {
    if (value.empty()) return;
    path += (path.find('?') == std::string::npos ? '?' : '&');
    path += std::string{name} + '=' + percent_encoded(value);
}

void print_list(json::array items, json::object beside) {
    json::object told{{"items", std::move(items)}};
    for (auto& [name, value] : beside) told[name] = std::move(value);
    print_json(told);
}

void print_table(const table& rows) { print(rows.text(output_is_terminal() ? terminal_width() : 0)); }

void print_more(std::string_view how) { print("\nThere are more: " + std::string{how} + '\n'); }

std::string shown_name(const json::object& from, std::string_view name) {
    const auto* const value = from.if_contains(name);
    const auto* const named = value ? value->if_object() : nullptr;
    if (!named) return "-";
    const auto email = optional_text_of(*named, "email");
    return email.empty() ? text_of(*named, "id") : email;
}

}  // namespace stagedoor::ctl
