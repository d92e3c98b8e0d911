#include "auth-service/stagectl/outcomes.hpp"

#include <array>
#include <boost/json.hpp>

#include "auth-service/stagectl/api.hpp"
#include "auth-service/stagectl/delivery.hpp"
#include "auth-service/stagectl/print.hpp"
#include "auth-service/stagectl/table.hpp"
#include "auth-service/stagectl/terminal.hpp"

namespace stagedoor::ctl {
namespace {

namespace json = boost::json;

constexpr std::size_t named_each = 20;  // of more, the ones that went well are a number
constexpr std::array kinds{"done", "already", "invalid_transition", "not_found", "failed", "unknown"};

std::string shown_by(const json::object& outcome) {
    const auto* const by = outcome.if_contains("by");
    if (!by || !by->is_object()) return {};
    const auto email = optional_text_of(by->as_object(), "email");
    return " by " + (email.empty() ? optional_text_of(by->as_object(), "id") : email) + " at " + shown_moment(optional_text_of(outcome, "at"));
}

std::string shown_outcome(const json::object& one) {
    const auto outcome = text_of(one, "outcome");
    const auto heard = shown_delivery(one);
    if (outcome == "done") return painted(paint::green, "done") + heard;
    if (outcome == "already") return painted(paint::dim, "already so") + shown_by(one) + heard;
    if (outcome == "not_found") return painted(paint::red, "there is no such stage manager");
    if (outcome == "failed") return painted(paint::red, "failed") + " (" + optional_text_of(one, "code") + "): try again";
    if (outcome == "unknown") return painted(paint::red, "not known") + ": the answer was lost; run it again";
    return painted(paint::red, "not possible") + ": " + optional_text_of(one, "userStatus") + ", " + optional_text_of(one, "did") + shown_by(one);
}

}  // namespace

void outcomes::add(json::object one, const std::string& who, bool again) {
    const auto outcome = text_of(one, "outcome");
    ++counts_[outcome];
    one["who"] = who;
    if (again && outcome == "already") {
        ++perhaps_ours_;
        one["again"] = true;
    }
    items_.push_back(std::move(one));
}

void outcomes::add_unknown_person(const std::string& who) { add({{"outcome", "not_found"}}, who, false); }

void outcomes::add_in_doubt(const std::vector<person>& people) {
    for (const auto& one : people) add({{"id", one.id}, {"outcome", "unknown"}}, one.written, false);
}

std::size_t outcomes::of(const std::string& outcome) const {
    const auto found = counts_.find(outcome);
    return found == counts_.end() ? 0 : found->second;
}

void outcomes::tell(bool as_json) const { as_json ? tell_scripts() : tell_people(); }

void outcomes::tell_scripts() const {
    json::object counts;
    for (const auto* name : kinds) counts[name] = of(name);
    print_json(json::object{{"action", action_}, {"items", items_}, {"counts", counts},
                            {"delivery", pending_delivery_ ? "pending" : "relayed"}, {"interrupted", interrupted()}, {"left", left()}});
}

void outcomes::tell_people() const {
    if (meant_ == 0) return print("Nobody waits.\n");
    const bool each = items_.size() <= named_each;
    for (const auto& item : items_) {
        const auto& one = item.as_object();
        const auto outcome = text_of(one, "outcome");
        if (!each && (outcome == "done" || outcome == "already" || outcome == "unknown")) continue;
        print(printable(text_of(one, "who")) + ": " + shown_outcome(one) + '\n');
    }
    if (!each) {
        print(action_ + ": " + std::to_string(of("done")) + " done, " + std::to_string(of("already")) + " already so, " +
              std::to_string(refused()) + " refused.\n");
        print(shown_deliveries(items_));
    }
    if (perhaps_ours_ > 0) {
        print("The server was away before it had answered about " + counted(perhaps_ours_, "person", "people") +
              " who are already so: it may have been this command's doing.\n");
    }
    if (!each && of("unknown") > 0) print("Of " + counted(of("unknown"), "person", "people") + " more it is not known: the answer was lost.\n");
    if (left() > 0) print(counted(left(), "person was", "people were") + " not come to.\n");
    if (pending_delivery_) print("Committed; their tabs hear of it as soon as Redis is there again.\n");
}

exit_code outcomes::code() const {
    const auto wrong = refused();
    if (wrong == 0) return exit_code::done;
    if (of("done") + of("already") > 0) return exit_code::partial;
    if (of("invalid_transition") == wrong) return exit_code::conflict;
    if (of("not_found") == wrong) return exit_code::not_found;
    return exit_code::partial;
}

}  // namespace stagedoor::ctl
