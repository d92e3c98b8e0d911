// What Prometheus clients tell of any process, by the names that they all use.
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/core/clock.hpp"
#include "common/obs/metrics.hpp"

namespace stagedoor::obs {
namespace {

double cpu_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double resident_bytes() {
    std::ifstream statm{"/proc/self/statm"};
    double virtual_pages = 0;
    double resident_pages = 0;
    statm >> virtual_pages >> resident_pages;
    return resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double open_descriptors() {
    std::error_code error;
    double count = 0;
    for (auto it = std::filesystem::directory_iterator{"/proc/self/fd", error};
         !error && it != std::filesystem::directory_iterator{}; it.increment(error)) {
        ++count;
    }
    return count;
}

double descriptor_limit() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    return static_cast<double>(limit.rlim_cur);
}

}  // namespace

void add_process_metrics(metrics& registry, const std::string& service) {
    registry
        .gauge("stagedoor_build_info", "1, with what is running as labels.",
               {{"service", service}, {"version", STAGEDOOR_VERSION}})
        .set(1);
    registry.gauge("process_start_time_seconds", "When the process began, in Unix time.")
        .set(static_cast<double>(to_unix_ms(system_now())) / 1000);
    registry.gauge("process_max_fds", "File descriptors that the process may have.").set(descriptor_limit());

    registry.sampled_counter("process_cpu_seconds_total", "User and system CPU time spent.", cpu_seconds);
    auto& memory = registry.gauge("process_resident_memory_bytes", "Memory that is in RAM.");
    auto& descriptors = registry.gauge("process_open_fds", "File descriptors that are open.");
    registry.before_render([&memory, &descriptors] {
        memory.set(resident_bytes());
        descriptors.set(open_descriptors());
    });
}

}  // namespace stagedoor::obs
