#include "common/obs/metrics.hpp"

#include <stdexcept>
#include <thread>

#include "tests/support/catch.hpp"

using namespace stagedoor::obs;

TEST_CASE("counters and gauges are rendered in Prometheus' text format, by name") {
    metrics registry;
    registry.counter("stagedoor_b_total", "Of b.", {{"reason", "x"}}).add(3);
    registry.counter("stagedoor_b_total", "Of b.", {{"reason", "y"}}).add();
    registry.gauge("stagedoor_a", "Of a.").set(1.5);
    CHECK(registry.render() ==
          "# HELP stagedoor_a Of a.\n"
          "# TYPE stagedoor_a gauge\n"
          "stagedoor_a 1.5\n"
          "# HELP stagedoor_b_total Of b.\n"
          "# TYPE stagedoor_b_total counter\n"
          "stagedoor_b_total{reason=\"x\"} 3\n"
          "stagedoor_b_total{reason=\"y\"} 1\n");
}

TEST_CASE("a histogram counts a value in the first bucket whose bound is not below it") {
    metrics registry;
    auto& waited = registry.histogram("stagedoor_wait_seconds", "Waits.", {0.1, 1});
    for (const double value : {0.1, 0.5, 1.0, 2.0}) waited.observe(value);
    CHECK(registry.render() ==
          "# HELP stagedoor_wait_seconds Waits.\n"
          "# TYPE stagedoor_wait_seconds histogram\n"
          "stagedoor_wait_seconds_count 4\n"
          "stagedoor_wait_seconds_sum 3.6\n"
          "stagedoor_wait_seconds_bucket{le=\"0.1\"} 1\n"
          "stagedoor_wait_seconds_bucket{le=\"1\"} 3\n"
          "stagedoor_wait_seconds_bucket{le=\"+Inf\"} 4\n");
}

TEST_CASE("the same name and labels are the same metric") {
    metrics registry;
    auto& first = registry.counter("stagedoor_x_total", "X.", {{"a", "1"}});
    CHECK(&registry.counter("stagedoor_x_total", "X.", {{"a", "1"}}) == &first);
    CHECK(&registry.counter("stagedoor_x_total", "X.", {{"a", "2"}}) != &first);
}

TEST_CASE("names that break the conventions are bugs") {
    metrics registry;
    CHECK_THROWS_AS(registry.counter("requests_total", ""), std::logic_error);
    CHECK_THROWS_AS(registry.counter("stagedoor_requests", ""), std::logic_error);
    CHECK_THROWS_AS(registry.gauge("stagedoor_open_total", ""), std::logic_error);
    CHECK_THROWS_AS(registry.histogram("stagedoor_wait", "", {1}), std::logic_error);
    CHECK_THROWS_AS(registry.histogram("stagedoor_wait_ms", "", {1}), std::logic_error);
    CHECK_THROWS_AS(registry.histogram("stagedoor_wait_seconds", "", {2, 1}), std::logic_error);
    CHECK_THROWS_AS(registry.gauge("stagedoor_Open-Sockets", ""), std::logic_error);
    CHECK(registry.render().empty());
}

TEST_CASE("a name keeps its kind, its help and its labels") {
    metrics registry;
    registry.counter("stagedoor_x_total", "X.", {{"a", "1"}});
    registry.gauge("stagedoor_x", "X.");
    CHECK_THROWS_AS(registry.counter("stagedoor_x_total", "Y.", {{"a", "1"}}), std::logic_error);
    CHECK_THROWS_AS(registry.counter("stagedoor_x_total", "X."), std::logic_error);
    CHECK_THROWS_AS(registry.counter("stagedoor_x_total", "X.", {{"b", "1"}}), std::logic_error);
    CHECK_THROWS_AS(registry.histogram("stagedoor_x", "X.", {1}), std::logic_error);
}

TEST_CASE("labels with ever new values are refused before they fill the memory") {
    metrics registry;
    const auto many = [&] {
        for (std::size_t i = 0; i <= metrics::series_per_name; ++i) {
            registry.counter("stagedoor_x_total", "X.", {{"id", std::to_string(i)}});
        }
    };
    CHECK_THROWS_AS(many(), std::logic_error);
    CHECK_NOTHROW(registry.render());
}

TEST_CASE("values that others keep are asked for at each rendering") {
    metrics registry;
    auto& waiting = registry.gauge("stagedoor_waiting", "Jobs.");
    int asked = 0;
    registry.before_render([&] { waiting.set(++asked); });
    registry.sampled_counter("stagedoor_lost_total", "Lost.", [] { return 7.0; });
    CHECK(registry.render().find("stagedoor_waiting 1\n") != std::string::npos);
    CHECK(registry.render().find("stagedoor_waiting 2\n") != std::string::npos);
    CHECK(registry.render().find("stagedoor_lost_total 7\n") != std::string::npos);
}

TEST_CASE("nothing is lost when threads count at once") {
    metrics registry;
    auto& counted = registry.counter("stagedoor_x_total", "X.");
    auto& open = registry.gauge("stagedoor_open", "O.");
    auto& waited = registry.histogram("stagedoor_w_seconds", "W.", {1});
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 10'000; ++i) {
                counted.add();
                open.add(i % 2 == 0 ? 1 : -1);
                waited.observe(1);
            }
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(counted.value() == 40'000);
    CHECK(open.value() == 0);
    CHECK(waited.read().cumulative.back() == 40'000);
    CHECK(waited.read().sum == 40'000);
}

TEST_CASE("a process tells of itself by the names that all Prometheus clients use") {
    metrics registry;
    add_process_metrics(registry, "auth-service");
    const auto text = registry.render();
    CHECK(text.find("stagedoor_build_info{service=\"auth-service\",version=\"" STAGEDOOR_VERSION "\"} 1\n") !=
          std::string::npos);
    for (const auto* name : {"process_cpu_seconds_total counter", "process_resident_memory_bytes gauge",
                             "process_open_fds gauge", "process_max_fds gauge", "process_start_time_seconds gauge"}) {
        INFO(name);
        CHECK(text.find(std::string{"# TYPE "} + name + '\n') != std::string::npos);
    }
    CHECK(text.find("process_resident_memory_bytes 0\n") == std::string::npos);
}
