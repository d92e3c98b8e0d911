// What gathering commands into one write is worth: GETs of 150 bytes by 64 callers that ask again as soon as they are
// answered: over one link (pipelined and gathered), with one write for each command (pipelined all the same), and with
// one write and one read for each. Prints CPU per request of this process and of Redis, and ratios within the run.
#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <string>

#include "common/redis/link.hpp"
#include "common/runtime/task_group.hpp"
#include "tests/support/redis_server.hpp"

using namespace stagedoor;

namespace {

constexpr int requests = 200'000;
constexpr int callers = 64;

double seconds(const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; }

double own_cpu() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double redis_cpu(tests::redis_server& server) {
    const auto info = server("INFO", "cpu");
    double sum = 0;
    for (const auto* const field : {"used_cpu_sys:", "used_cpu_user:"}) {
        const auto& text = *info.if_text();
        sum += std::stod(text.substr(text.find(field) + std::char_traits<char>::length(field)));
    }
    return sum;
}

struct cost {
    double own_us = 0;
    double redis_us = 0;
    double per_second = 0;
};

template <class Work>
cost measure(tests::redis_server& server, Work work) {
    const auto own = own_cpu();
    const auto redis = redis_cpu(server);
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    return {(own_cpu() - own) * 1e6 / requests, (redis_cpu(server) - redis) * 1e6 / requests, requests / took.count()};
}

void print(const char* name, const cost& c) {
    std::printf("%-34s %9.0f requests/s %7.2f us own CPU %7.2f us Redis' CPU\n", name, c.per_second, c.own_us,
                c.redis_us);
}

// One of the callers: a coroutine, as request handlers are.
runtime::task<void> ask(redis::link& redis, int times, int& left) {
    for (int i = 0; i < times; ++i) {
        const auto reply = co_await redis.request("GET", "key");
        if (!reply) std::abort();
    }
    if (--left == 0) redis.stop();
}

void ask_together(tests::redis_server& server) {
    boost::asio::io_context context{1};
    runtime::task_group tasks{context.get_executor()};
    redis::link redis{context.get_executor(), server.unix_url()};
    int left = callers;
    redis.on_up([&] {
        for (int i = 0; i < callers; ++i) tasks.spawn("caller", ask(redis, requests / callers, left));
    });
    redis.start(tasks);
    context.run();
}

void ask_with_single_writes(tests::redis_server& server) {
    tests::redis_client client{server.socket_path()};
    for (int round = 0; round < requests / callers; ++round) {
        for (int i = 0; i < callers; ++i) client.send(redis::command{"GET", "key"});
        for (int i = 0; i < callers; ++i) client.read();
    }
}

void ask_one_by_one(tests::redis_server& server) {
    tests::redis_client client{server.socket_path()};
    for (int i = 0; i < requests; ++i) client("GET", "key");
}

}  // namespace

int main() {
    tests::redis_server server;
    server("SET", "key", std::string(150, 'x'));
    const auto together = measure(server, [&] { ask_together(server); });
    const auto single_writes = measure(server, [&] { ask_with_single_writes(server); });
    const auto one_by_one = measure(server, [&] { ask_one_by_one(server); });
    print("one link, writes gathered", together);
    print("one write per command", single_writes);
    print("one write and read per command", one_by_one);
    std::printf("gathered costs %.2f of our CPU and %.2f of Redis' CPU, compared with one write per command\n",
                together.own_us / single_writes.own_us, together.redis_us / single_writes.redis_us);
}
