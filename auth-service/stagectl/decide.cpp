// One decision about one person or about many. All of them go as bulk calls, made patiently: a call that a restart has cut
// off is made again and answered as it was, so nobody is decided about twice. Whatever happens, every outcome is told.
#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "auth-service/stagectl/commands.hpp"
#include "auth-service/stagectl/delivery.hpp"
#include "auth-service/stagectl/outcomes.hpp"
#include "auth-service/stagectl/patience.hpp"
#include "auth-service/stagectl/people.hpp"
#include "auth-service/stagectl/print.hpp"
#include "auth-service/stagectl/waiting_people.hpp"
#include "common/core/limits.hpp"

namespace stagedoor::ctl {
namespace {

namespace json = boost::json;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

struct decision {
    std::string action;
    const decision_options& how;
};

// One call. Those with whom it failed on the way are left in `people`, if it did not with all of them.
void decide_once(patient_calls& server, const decision& what, std::vector<person>& people, outcomes& into) {
    json::array ids;
    for (const auto& one : people) ids.emplace_back(one.id);
    json::object body{{"action", what.action}, {"ids", std::move(ids)}};
    if (!what.how.reason.empty()) body["reason"] = what.how.reason;
    try {
        const auto said = server.post("/api/admin/stage-managers/bulk", body);
        const auto& given = said.given.object();
        if (optional_text_of(given, "delivery") == "pending") into.delivery_is_pending();
        const auto& items = member_of(given, "items").as_array();
        if (items.size() != people.size()) throw failure{exit_code::not_understood, "the server's answer lacks somebody"}.in_doubt();
        std::vector<person> failed;
        const auto is_failed = [](const json::value& item) { return text_of(item.as_object(), "outcome") == "failed"; };
        const bool hopeless = std::ranges::all_of(items, is_failed);
        for (std::size_t i = 0; i < people.size(); ++i) {
            if (is_failed(items[i]) && !hopeless) {
                failed.push_back(std::move(people[i]));
            } else {
                into.add(items[i].as_object(), people[i].written, said.again);
            }
        }
        people = std::move(failed);  // none when it is hopeless
    } catch (const failure& why) {
        if (why.is_in_doubt()) into.add_in_doubt(people);
        throw;
    }
}

// Gathers people, and decides about them batch by batch until Ctrl-C.
class batches {
public:
    batches(desk& at, const decision& what, std::size_t meant, outcomes& into)
        : bar_{what.action, meant}, server_{at.server, what.how.patience, bar_}, what_{what}, into_{into} {}

    patient_calls& server() noexcept { return server_; }

    void add(person one) {
        if (one.id.empty()) {
            into_.add_unknown_person(one.written);
            bar_.advance(1);
            return;
        }
        people_.push_back(std::move(one));
        if (people_.size() >= what_.how.batch) finish();
    }

    void finish() {
        if (people_.empty() || interrupted()) return;
        // The server has decided about some before its database was away, or it began to stop: the others are still to be.
        while (!people_.empty()) {
            const auto before = people_.size();
            decide_once(server_, what_, people_, into_);
            bar_.advance(before - people_.size());
        }
    }

private:
    const unhurried ctrl_c_is_answered_;
    progress_bar bar_;
    patient_calls server_;
    const decision& what_;
    outcomes& into_;
    std::vector<person> people_;
};

void decide_people(desk& at, const decision& what, std::vector<person> people, outcomes& into) {
    batches all{at, what, people.size(), into};
    for (auto& one : people) {
        if (interrupted()) return;
        all.add(std::move(one));
    }
    all.finish();
}

void decide_all_pending(desk& at, const decision& what, std::size_t total, outcomes& into) {
    batches all{at, what, total, into};
    waiting_people waiting{at.server, what.how.batch};
    for (auto people = waiting.next(all.server()); !people.empty(); people = waiting.next(all.server())) {
        for (auto& one : people) all.add(std::move(one));
        all.finish();
        if (interrupted()) return;
    }
}

// Whom the call names; each once.
std::vector<person> named_people(desk& at, const decision_options& how) {
    const auto from_stdin = how.who == std::vector<std::string>{"-"};
    std::vector<written_name> names;
    if (!how.file.empty() || from_stdin) {
        names = read_names_from(from_stdin ? "-" : how.file);
    } else {
        for (const auto& each : how.who) names.push_back({each, {}});
    }
    if (names.empty()) throw failure{exit_code::usage, "nobody is named"};
    return find_people(at.server, names, how.patience);
}

// Whether all who were waited for have heard of it.
bool wait_for_tabs(desk& at, const decision_options& how, outcomes& all) {
    progress_bar bar{"waiting for open tabs", all.items().size()};
    patient_calls server{at.server, how.patience, bar};
    return wait_delivered(server, bar, all.items(), steady_clock::now() + how.wait_delivered);
}

exit_code finish(desk& at, const decision_options& how, outcomes& all) {
    bool heard = true;
    try {
        if (how.wait_delivered > 0ms && !interrupted()) heard = wait_for_tabs(at, how, all);
    } catch (const failure&) {
        all.tell(at.as_json());
        throw;
    }
    all.tell(at.as_json());
    if (interrupted()) {
        throw failure{exit_code::interrupted, all.left() > 0 ? "interrupted; run it again to go on: nobody is decided about twice"
                                                             : "interrupted; everybody was decided about"};
    }
    return heard ? all.code() : exit_code::not_delivered;
}

}  // namespace

exit_code decide(desk& at, const std::string& action) {
    const auto& how = at.given.decision;
    const decision what{action, how};
    const int sources = (how.who.empty() ? 0 : 1) + (how.file.empty() ? 0 : 1) + (how.all_pending ? 1 : 0);
    if (sources != 1) {
        throw failure{exit_code::usage, action + " needs to know whom: WHO, --file" +
                                            (action == "approve" || action == "reject" ? ", or --all-pending" : "") + "; one of them"};
    }
    auto people = how.all_pending ? std::vector<person>{} : named_people(at, how);
    const auto meant = how.all_pending ? count_waiting(at.server) : people.size();
    if (how.all_pending && meant > 0 && !how.yes && !confirmed(action + ' ' + counted(meant, "person", "people") + " who wait?")) {
        throw failure{exit_code::interrupted, "nothing was done"};
    }
    outcomes all{action, meant};
    try {
        if (how.all_pending) {
            decide_all_pending(at, what, meant, all);
        } else {
            decide_people(at, what, std::move(people), all);
        }
    } catch (const failure& why) {
        if (all.empty()) throw;
        all.tell(at.as_json());  // what was done is told, whatever happened then
        if (all.left() == 0 && !why.is_in_doubt()) throw;
        throw failure{why.code(), std::string{why.what()} + "; run it again to go on: nobody is decided about twice"};
    }
    return finish(at, how, all);
}

}  // namespace stagedoor::ctl
