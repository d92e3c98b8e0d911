#include "common/obs/request_observer.hpp"

#include <algorithm>

#include "common/obs/log.hpp"

namespace stagedoor::obs {
namespace {

// A method is the client's own word; what is none of these counts as the last.
constexpr std::array<std::string_view, 6> method_labels{"GET", "POST", "PATCH", "DELETE", "HEAD", "other"};
constexpr std::array<std::string_view, 5> class_labels{"1xx", "2xx", "3xx", "4xx", "5xx"};

std::size_t index_of_method(std::string_view method) {
    const auto found = std::ranges::find(method_labels, method);
    return found == method_labels.end() ? method_labels.size() - 1
                                        : static_cast<std::size_t>(found - method_labels.begin());
}

log::level level_of(unsigned status) noexcept { return status >= 500 ? log::level::warn : log::level::info; }

std::size_t index_of_class(unsigned status) { return std::clamp(status / 100, 1U, 5U) - 1; }

}  // namespace

request_observer::request_observer(metrics& registry)
    : duration_{&registry.histogram("stagedoor_http_request_duration_seconds",
                                    "Time from the whole request to its answer.", request_seconds)} {
    static_assert(method_labels.size() == methods && class_labels.size() == classes);
    for (std::size_t m = 0; m < methods; ++m) {
        for (std::size_t c = 0; c < classes; ++c) {
            requests_[m][c] = &registry.counter(
                "stagedoor_http_requests_total", "Requests answered, by method and class of status.",
                {{"method", std::string{method_labels[m]}}, {"status", std::string{class_labels[c]}}});
        }
    }
}

bool request_observer::is_told(unsigned status) noexcept { return log::enabled(level_of(status)); }

void request_observer::count(std::string_view method, unsigned status, std::chrono::microseconds duration) const {
    requests_[index_of_method(method)][index_of_class(status)]->add();
    duration_->observe(std::chrono::duration<double>(duration).count());
}

void request_observer::tell(const finished_request& request) const {
    const auto at = level_of(request.status);
    if (!log::enabled(at)) return;
    std::array<log::field, 10> fields{{{"method", request.method},
                                      {"path", request.path},
                                      {"status", request.status},
                                      {"duration_us", request.duration.count()},
                                      {"request_id", request.request_id},
                                      {"", ""},
                                      {"", ""},
                                      {"", ""},
                                      {"", ""},
                                      {"", ""}}};
    std::size_t count = 5;
    const auto add_if_there = [&](std::string_view key, std::string_view value) {
        if (!value.empty()) fields[count++] = {key, value};
    };
    add_if_there("code", request.code);
    add_if_there("trace_id", request.trace_id);
    add_if_there("user", request.user_id);
    add_if_there("session", request.session);
    add_if_there("token", request.token);
    log::write(at, "request", {fields.data(), count});
}

}  // namespace stagedoor::obs
