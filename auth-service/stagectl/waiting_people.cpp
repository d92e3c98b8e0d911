#include "auth-service/stagectl/waiting_people.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "auth-service/stagectl/listing.hpp"
#include "common/core/limits.hpp"

namespace stagedoor::ctl {
namespace {

std::string pending_people(std::size_t limit) {
    return "/api/admin/stage-managers?status=pending&limit=" + std::to_string(limit);
}

}  // namespace

std::size_t count_waiting(api& server) {
    const auto first = server.get(pending_people(1));
    return static_cast<std::size_t>(number_of(member_of(first.object(), "totals").as_object(), "pending"));
}

template <class Get>
void waiting_people::read_page(const Get& get, reading& into) const {
    const auto limit = std::min(limits::page_max, most_ - into.people.size());
    auto path = pending_people(limit) + "&totals=false";  // to count everybody costs more than the page
    append_parameter(path, "cursor", into.cursor);
    const auto page = get(path);
    for (const auto& item : member_of(page.object(), "items").as_array()) {
        const auto& user = item.as_object();
        into.people.push_back({text_of(user, "email"), text_of(user, "id")});
    }
    into.cursor = optional_text_of(page.object(), "nextCursor");
    into.end = into.cursor.empty();
}

waiting_people::reading waiting_people::read_ahead(reading from) {
    try {
        while (!from.end && from.people.size() < most_) {
            read_page([this](const std::string& path) { return ahead_.get(path); }, from);
        }
    } catch (const failure&) {
        // The next page is read again, by calls that have patience and say what is wrong.
    }
    return from;
}

std::vector<person> waiting_people::next(patient_calls& server) {
    if (coming_.valid()) here_ = coming_.get();
    while (!here_.end && here_.people.empty()) {
        read_page([&server](const std::string& path) { return server.get(path); }, here_);
    }
    auto found = std::exchange(here_.people, {});
    if (!here_.end) coming_ = std::async(std::launch::async, [this] { return read_ahead(std::move(here_)); });
    return found;
}

}  // namespace stagedoor::ctl
