// Counters, gauges and histograms for Prometheus. All are made at start, by name; what a shard touches later is an
// atomic, without a lock or a look-up. Any thread may use them.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stagedoor::obs {

class counter {
public:
    void add(std::uint64_t n = 1) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
    std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

class gauge {
public:
    void set(double value) noexcept { value_.store(value, std::memory_order_relaxed); }
    void add(double n) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
    double value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<double> value_{0};
};

class histogram {
public:
    // Upper bounds, inclusive and ascending; what is above the last one counts under +Inf.
    explicit histogram(std::vector<double> bounds);

    void observe(double value) noexcept;

    struct snapshot {
        std::vector<std::uint64_t> cumulative;  // one per bound, then the total
        double sum = 0;
    };
    snapshot read() const;
    const std::vector<double>& bounds() const noexcept { return bounds_; }

private:
    std::vector<double> bounds_;
    std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
    std::atomic<double> sum_{0};
};

// 0.5 ms to 5 s: from an answer out of memory to a request that met a deadline.
inline constexpr std::initializer_list<double> request_seconds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                               0.1,    0.25,  0.5,    1,     2.5,  5};

enum class metric_type : std::uint8_t { counter, gauge, histogram };

using labels = std::map<std::string, std::string>;

// A name keeps to one kind, one help text and one set of label names, and has a bounded number of label values: so
// labels are words that the code knows (a method, a reason), never ids or addresses. Names begin with `stagedoor_`;
// counters end in `_total`, histograms in `_seconds` or `_bytes`. Breaking this throws std::logic_error.
class metrics {
public:
    static constexpr std::size_t series_per_name = 64;

    metrics();
    ~metrics();
    metrics(const metrics&) = delete;
    metrics& operator=(const metrics&) = delete;

    // The one with this name and these labels, made when it is not there yet. Lives as long as the registry.
    obs::counter& counter(std::string_view name, std::string_view help, const labels& with = {});
    obs::gauge& gauge(std::string_view name, std::string_view help, const labels& with = {});
    obs::histogram& histogram(std::string_view name, std::string_view help, std::vector<double> bounds,
                              const labels& with = {});
    // A counter that somebody else keeps; `read` runs at each render(), on its thread, and never falls.
    void sampled_counter(std::string_view name, std::string_view help, std::function<double()> read);

    // Runs at the beginning of each render(), on its thread: for gauges that are cheaper asked than kept. Makes no
    // metric.
    void before_render(std::function<void()> refresh);

    // Prometheus text format 0.0.4, sorted by name.
    std::string render() const;
    static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

    // Name and help of all, sorted by name: for the documents.
    std::vector<std::pair<std::string, std::string>> names() const;

private:
    struct family;
    template <class Made, class... Arguments>
    Made& make(std::string_view name, std::string_view help, metric_type type, const labels& with,
               Arguments&&... arguments);

    mutable std::mutex mutex_;  // guards the maps, never a value
    std::map<std::string, std::unique_ptr<family>, std::less<>> families_;
    std::vector<std::function<void()>> refreshers_;
};

// stagedoor_build_info{service,version} 1 and the process_* metrics that Prometheus clients have by convention: CPU
// seconds, resident memory, open and allowed file descriptors, start time. Read from /proc at each render.
void add_process_metrics(metrics& registry, const std::string& service);

}  // namespace stagedoor::obs
