#include "auth-service/src/limits/gatekeeper.hpp"

#include "common/core/secrets.hpp"
#include "common/runtime/client_network.hpp"

namespace stagedoor::rate_limit {
namespace {

constexpr std::string_view subject_context = "stagedoor rate limit 1:";

bool counts_failures(kind what) noexcept {
    return what == kind::network || what == kind::account || what == kind::device;
}

// Of devices that have signed in before, and of sessions.
std::string known_in(const boost::asio::ip::address& client) { return "known:" + runtime::network_of(client); }

std::string text_of(const device_id& device, std::string_view email) {
    return to_base64url(device) + ":" + std::string{email};
}

}  // namespace

const admission::standing* admission::refused() const noexcept {
    const standing* longest = nullptr;
    for (const auto& each : standings) {
        if (each.now.allowed) continue;
        if (!longest || quota_of(longest->limit, longest->now.owed).retry_after <
                            quota_of(each.limit, each.now.owed).retry_after) {
            longest = &each;
        }
    }
    return longest;
}

std::string name_of(kind what, std::string_view subject) {
    return std::string{row_of(what).name}.append(":").append(subject);
}

rate_limit_fields fields_of(const admission& of) {
    rate_limit_fields fields;
    for (const auto& each : of.standings) {
        const auto name = (fields.policy.empty() ? "\"" : ", \"") + std::string{row_of(each.what).name} + "\"";
        const auto window = std::chrono::ceil<std::chrono::seconds>(each.limit.period).count();
        const auto quota = quota_of(each.limit, each.now.owed);
        fields.policy += name + ";q=" + std::to_string(each.limit.count) + ";w=" + std::to_string(window);
        fields.limit += name + ";r=" + std::to_string(quota.remaining) + ";t=" + std::to_string(quota.reset.count());
    }
    return fields;
}

void gatekeeper::add(std::vector<question>& to, kind what, std::string_view subject, step how) const {
    const auto& limit = rates_.of(what);
    if (limit.limits()) to.push_back({what, hash_of(what, subject), limit, how});
}

std::string gatekeeper::hash_of(kind what, std::string_view subject) const {
    const auto text = std::string{subject_context}.append(row_of(what).name).append(":").append(subject);
    const std::span bytes{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
    return to_base64url(keys_.prove(keys_.signing_key_id(), bytes).value_or(session::token_proof{}));
}

std::string gatekeeper::name_of_account(std::string_view email) const {
    return name_of(kind::account, hash_of(kind::account, email));
}

runtime::task<admission> gatekeeper::ask(std::vector<question> questions) {
    admission made;
    if (questions.empty()) co_return made;
    auto decisions = co_await counts_.decide(questions);
    for (std::size_t i = 0; i < questions.size(); ++i) {
        auto& asked = questions[i];
        made.standings.push_back({asked.what, asked.limit, std::move(asked.subject), decisions[i]});
    }
    co_return made;
}

runtime::task<admission> gatekeeper::give_back(admission taken, which of_them) {
    std::vector<question> questions;
    for (const auto& each : taken.standings) {
        const bool meant = of_them == which::all || counts_failures(each.what);
        if (meant && each.now.allowed) questions.push_back({each.what, each.subject, each.limit, step::give_back});
    }
    const auto given = co_await ask(std::move(questions));
    for (auto& each : taken.standings) {
        for (const auto& newer : given.standings) {
            if (newer.what == each.what) each.now.owed = newer.now.owed;
        }
    }
    co_return taken;
}

runtime::task<admission> gatekeeper::admit(std::vector<question> questions) {
    auto asked = co_await ask(std::move(questions));
    const auto* const why = asked.refused();
    if (!why) co_return asked;
    counters_.refuse(why->what);
    auto refused = co_await give_back(std::move(asked), which::all);
    co_return refused;
}

runtime::task<admission> gatekeeper::admit_sign_in(applicant who) {
    std::vector<question> questions;
    const auto device = devices_.recognise(who.cookies, who.email, counts_.now());
    if (device) {
        add(questions, kind::sign_in, known_in(who.client), step::take);
        add(questions, kind::device_sign_in, text_of(*device, who.email), step::take);
        add(questions, kind::device, text_of(*device, who.email), step::take);
    } else {
        const auto network = runtime::network_of(who.client);
        add(questions, kind::sign_in, network, step::take);
        add(questions, kind::network, network, step::take);
        add(questions, kind::account, who.email, step::take);
    }
    return admit(std::move(questions));
}

runtime::task<admission> gatekeeper::admit_password_change(session_id asking, boost::asio::ip::address client) {
    const auto session = "session:" + asking.text();
    std::vector<question> questions;
    add(questions, kind::sign_in, known_in(client), step::take);
    add(questions, kind::device_sign_in, session, step::take);
    add(questions, kind::device, session, step::take);
    return admit(std::move(questions));
}

runtime::task<admission> gatekeeper::forgive(admission admitted) {
    return give_back(std::move(admitted), which::failures);
}

runtime::task<admission> gatekeeper::admit_registration(boost::asio::ip::address client) {
    std::vector<question> questions;
    add(questions, kind::registration, runtime::network_of(client), step::take);
    return admit(std::move(questions));
}

}  // namespace stagedoor::rate_limit
