#include "auth-service/stagectl/audit_follower.hpp"

#include <boost/json.hpp>
#include <utility>

#include "common/core/limits.hpp"
#include "common/core/parsing.hpp"

namespace stagedoor::ctl {
namespace {

const std::string path = "/api/admin/audit?limit=" + std::to_string(limits::page_max) + "&after=";

}  // namespace

audit_follower::audit_follower(api& server)
    : server_{server}, place_{text_of(server.get(path + "newest").object(), "nextCursor")} {}

bool audit_follower::catch_up(const std::function<bool(const boost::json::array&)>& take) {
    for (;;) {
        const auto page = server_.get(path + percent_encoded(place_));
        const auto next = text_of(page.object(), "nextCursor");
        const auto& entries = member_of(page.object(), "items").as_array();
        if (next == place_) return true;
        gone_back_ = gone_back_ || parse_integer(next).value_or(0) < parse_integer(place_).value_or(0);
        place_ = next;
        if (!entries.empty() && !take(entries)) return false;
        if (entries.size() < limits::page_max) return true;  // without a filter only the last page is short
    }
}

bool audit_follower::has_gone_back() noexcept { return std::exchange(gone_back_, false); }

}  // namespace stagedoor::ctl
