#include "common/obs/health.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "common/core/json.hpp"
#include "common/obs/log.hpp"

namespace stagedoor::obs {

health_report liveness() { return {.status = 200, .body = R"({"alive":true})"}; }

void health::condition::ok() { set(true, {}); }

void health::condition::degraded(std::string_view reason) { set(true, reason); }

void health::condition::fail(std::string_view reason) { set(false, reason); }

void health::condition::set(bool ok, std::string_view reason) {
    {
        const std::lock_guard lock{owner_.mutex_};
        if (ok_ == ok && reason_ == reason) return;
        if (ok_ != ok || reason_.empty() != reason.empty()) since_ = system_now();
        ok_ = ok;
        reason_ = reason;
    }
    if (reason.empty()) {
        log::info("readiness_changed", {{"condition", name_}, {"ok", ok}});
    } else {
        log::warn("readiness_changed", {{"condition", name_}, {"ok", ok}, {"reason", reason}});
    }
}

health::condition& health::add(std::string name) {
    const std::lock_guard lock{mutex_};
    return conditions_.emplace_back(*this, std::move(name));
}

bool health::ready() const {
    const std::lock_guard lock{mutex_};
    return std::ranges::all_of(conditions_, &condition::ok_);
}

health_report health::report() const {
    const std::lock_guard lock{mutex_};
    // One per name: the first of the worst stands for all.
    const auto worse = [](const condition& a, const condition& b) {
        return a.ok_ == b.ok_ ? b.reason_.empty() && !a.reason_.empty() : b.ok_;
    };
    std::vector<const condition*> shown;
    for (const auto& each : conditions_) {
        const auto same = std::ranges::find(shown, each.name_, &condition::name_);
        if (same == shown.end()) {
            shown.push_back(&each);
        } else if (worse(each, **same)) {
            *same = &each;
        }
    }
    const bool ready = std::ranges::all_of(shown, &condition::ok_);

    std::string body = ready ? R"({"ready":true,"conditions":[)" : R"({"ready":false,"conditions":[)";
    for (const auto* each : shown) {
        if (each != shown.front()) body += ',';
        body += R"({"name":)";
        append_json_string(body, each->name_);
        body += each->ok_ ? R"(,"ok":true,"since":")" : R"(,"ok":false,"since":")";
        body += format_rfc3339(each->since_) + '"';
        if (!each->reason_.empty()) {
            body += R"(,"reason":)";
            append_json_string(body, each->reason_);
        }
        body += '}';
    }
    return {.status = ready ? 200U : 503U, .body = body + "]}"};
}

}  // namespace stagedoor::obs
