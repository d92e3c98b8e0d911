#include "common/obs/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <stdexcept>
#include <variant>

namespace stagedoor::obs {
namespace {

using prometheus::ClientMetric;

using sampler = std::function<double()>;

[[noreturn]] void refuse(std::string_view name, std::string_view why) {
    throw std::logic_error{std::string{"metric "}.append(name).append(": ").append(why)};
}

bool is_snake_case(std::string_view name) {
    return std::ranges::all_of(name,
                               [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

bool has_right_name(std::string_view name, metric_type type) {
    if (!is_snake_case(name)) return false;
    const bool conventional = name.starts_with("process_");  // what all Prometheus clients have
    if (!conventional && !name.starts_with("stagedoor_")) return false;
    switch (type) {
        case metric_type::counter:
            return name.ends_with("_total");
        case metric_type::gauge:
            return !name.ends_with("_total");
        case metric_type::histogram:
            return name.ends_with("_seconds") || name.ends_with("_bytes");
    }
    return false;
}

prometheus::MetricType to_prometheus(metric_type type) {
    switch (type) {
        case metric_type::counter:
            return prometheus::MetricType::Counter;
        case metric_type::gauge:
            return prometheus::MetricType::Gauge;
        case metric_type::histogram:
            return prometheus::MetricType::Histogram;
    }
    return prometheus::MetricType::Untyped;
}

bool same_label_names(const labels& a, const labels& b) {
    return std::ranges::equal(a, b, {}, &labels::value_type::first, &labels::value_type::first);
}

void read_into(ClientMetric&, std::monostate) {}

void read_into(ClientMetric& out, const sampler& from) { out.counter.value = from(); }

void read_into(ClientMetric& out, const counter& from) { out.counter.value = static_cast<double>(from.value()); }

void read_into(ClientMetric& out, const gauge& from) { out.gauge.value = from.value(); }

void read_into(ClientMetric& out, const histogram& from) {
    const auto read = from.read();
    for (std::size_t i = 0; i < from.bounds().size(); ++i) {
        out.histogram.bucket.push_back({.cumulative_count = read.cumulative[i], .upper_bound = from.bounds()[i]});
    }
    out.histogram.sample_count = read.cumulative.back();
    out.histogram.sample_sum = read.sum;
}

}  // namespace

histogram::histogram(std::vector<double> bounds)
    : bounds_{std::move(bounds)}, counts_{std::make_unique<std::atomic<std::uint64_t>[]>(bounds_.size() + 1)} {}

void histogram::observe(double value) noexcept {
    const auto bucket = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
    counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
}

histogram::snapshot histogram::read() const {
    snapshot out;
    std::uint64_t total = 0;
    for (std::size_t i = 0; i <= bounds_.size(); ++i) {
        total += counts_[i].load(std::memory_order_relaxed);
        out.cumulative.push_back(total);
    }
    out.sum = sum_.load(std::memory_order_relaxed);
    return out;
}

struct metrics::family {
    std::string help;
    metric_type type;
    // std::map keeps what it holds in place: references to the values stay good.
    std::map<labels, std::variant<std::monostate, obs::counter, obs::gauge, obs::histogram, sampler>> series;
};

metrics::metrics() = default;
metrics::~metrics() = default;

template <class Made, class... Arguments>
Made& metrics::make(std::string_view name, std::string_view help, metric_type type, const labels& with,
                    Arguments&&... arguments) {
    const std::lock_guard lock{mutex_};
    auto found = families_.find(name);
    if (found == families_.end()) {
        if (!has_right_name(name, type)) refuse(name, "the name does not follow the conventions");
        auto made = std::make_unique<family>(family{std::string{help}, type, {}});
        found = families_.emplace(std::string{name}, std::move(made)).first;
    }
    auto& [known_help, known_type, series] = *found->second;
    if (known_type != type) refuse(name, "is of another kind already");
    if (known_help != help) refuse(name, "has another help text already");
    if (!series.empty() && !same_label_names(series.begin()->first, with)) refuse(name, "has other labels already");
    const bool full = series.size() >= series_per_name;
    if (full && !series.contains(with)) refuse(name, "has too many label values");
    auto& slot = series[with];
    if (std::holds_alternative<std::monostate>(slot)) {
        slot.template emplace<Made>(std::forward<Arguments>(arguments)...);
    }
    auto* made = std::get_if<Made>(&slot);
    if (!made) refuse(name, "is kept in another way already");
    return *made;
}

counter& metrics::counter(std::string_view name, std::string_view help, const labels& with) {
    return make<obs::counter>(name, help, metric_type::counter, with);
}

gauge& metrics::gauge(std::string_view name, std::string_view help, const labels& with) {
    return make<obs::gauge>(name, help, metric_type::gauge, with);
}

histogram& metrics::histogram(std::string_view name, std::string_view help, std::vector<double> bounds,
                              const labels& with) {
    if (!std::ranges::is_sorted(bounds)) refuse(name, "its bounds do not ascend");
    return make<obs::histogram>(name, help, metric_type::histogram, with, std::move(bounds));
}

void metrics::sampled_counter(std::string_view name, std::string_view help, std::function<double()> read) {
    make<sampler>(name, help, metric_type::counter, {}, std::move(read));
}

void metrics::before_render(std::function<void()> refresh) {
    const std::lock_guard lock{mutex_};
    refreshers_.push_back(std::move(refresh));
}

std::string metrics::render() const {
    const std::lock_guard lock{mutex_};
    for (const auto& refresh : refreshers_) refresh();

    std::vector<prometheus::MetricFamily> families;
    for (const auto& [name, known] : families_) {
        auto& rendered = families.emplace_back();
        rendered.name = name;
        rendered.help = known->help;
        rendered.type = to_prometheus(known->type);
        for (const auto& [with, value] : known->series) {
            auto& metric = rendered.metric.emplace_back();
            for (const auto& [label, text] : with) metric.label.push_back({.name = label, .value = text});
            std::visit([&metric](const auto& kept) { read_into(metric, kept); }, value);
        }
    }
    return prometheus::TextSerializer{}.Serialize(families);
}

std::vector<std::pair<std::string, std::string>> metrics::names() const {
    const std::lock_guard lock{mutex_};
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& [name, known] : families_) out.emplace_back(name, known->help);
    return out;
}

}  // namespace stagedoor::obs
