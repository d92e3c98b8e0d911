// The load of push.mjs: opens WebSockets, sets events off, and tells what came of it.
//
//     push_load PORT TARGETS_FILE MARK redis:SOCKET | http:PORT
//
// Does what standard input says, a line each, and answers each by a line of JSON, so that the script can look at the
// server's CPU and memory in between:
//     open AT_ONCE              opens every socket of the file
//     events COUNT WINDOW       that many events, so many under way at once, each for the next socket
//     fanout ROUNDS             events for the first socket's user, whom all sockets belong to; until the last has it
//     latency COUNT PER_SECOND  one event at a time: from setting it off to its frame
//     close                     closes all sockets
//     bare SOCKET COUNT PER_SECOND BYTES   PUBLISH to a subscriber of our own, with no server between
#include <poll.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <sstream>

#include "paced.hpp"
#include "push_clients.hpp"

namespace {

using namespace stagedoor::bench;
using clock_type = std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;

void print_seconds(clock_type::time_point since) {
    std::printf("{\"seconds\":%.6f}\n", seconds{clock_type::now() - since}.count());
}

void events(push_clients& clients, std::size_t count, std::size_t window) {
    const auto begun = clock_type::now();
    const auto end = clients.events() + count;
    std::size_t sent = 0;
    while (clients.events() < end) {
        const auto under_way = sent - (count - (end - clients.events()));
        for (auto room = window - under_way; room > 0 && sent < count; --room, ++sent)
            clients.trigger(sent % clients.size());
        clients.poll();
    }
    print_seconds(begun);
}

void fanout(push_clients& clients, std::size_t rounds) {
    paced times{rounds, 4};
    for (std::size_t i = 0; i < rounds; ++i) {
        const auto end = clients.events() + clients.size();
        const auto begun = times.wait();
        clients.trigger(0);
        while (clients.events() < end) clients.poll();
        times.note(begun);
    }
    times.print();
}

void latency(push_clients& clients, source& from, std::size_t count, double per_second) {
    paced times{count, per_second};
    for (std::size_t i = 0; i < count; ++i) {
        const auto event = clients.events() + 1;
        const auto answer = from.answers() + 1;
        const auto begun = times.wait();
        clients.trigger(i % clients.size());
        while (clients.events() < event) clients.poll();
        times.note(begun);
        while (from.answers() < answer) clients.poll();
    }
    times.print();
}

void bare(const std::string& path, std::size_t count, double per_second, std::size_t bytes) {
    const int subscriber = connect_unix(path), publisher = connect_unix(path);
    const auto say = [](int fd, const std::string& text) {
        if (::send(fd, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
            fail("Redis takes nothing");
    };
    std::string heard;
    const auto hear = [&](int fd, std::string_view end) {
        heard.clear();
        std::array<char, 4096> some;
        while (!heard.ends_with(end)) {
            const auto got = ::recv(fd, some.data(), some.size(), 0);
            if (got <= 0) fail("Redis is gone");
            heard.append(some.data(), static_cast<std::size_t>(got));
        }
    };
    say(subscriber, "SUBSCRIBE bench:bare\r\n");
    hear(subscriber, ":1\r\n");
    const std::string payload = std::string(bytes - 1, 'x') + "!";
    const auto publish =
        "*3\r\n$7\r\nPUBLISH\r\n$10\r\nbench:bare\r\n$" + std::to_string(bytes) + "\r\n" + payload + "\r\n";
    paced times{count, per_second};
    for (std::size_t i = 0; i < count; ++i) {
        const auto begun = times.wait();
        say(publisher, publish);
        hear(subscriber, "!\r\n");
        times.note(begun);
        hear(publisher, ":1\r\n");
    }
    times.print();
    ::close(subscriber);
    ::close(publisher);
}

// Waits for the next line; sockets answer pings meanwhile.
bool next_line(std::string& line, push_clients& clients) {
    for (;;) {
        std::array<pollfd, 2> either{{{STDIN_FILENO, POLLIN, 0}, {clients.descriptor(), POLLIN, 0}}};
        if (::poll(either.data(), either.size(), -1) < 0) fail("cannot wait");
        if (either[1].revents != 0) clients.poll();
        if (either[0].revents != 0) return static_cast<bool>(std::getline(std::cin, line));
    }
}

void obey(const std::string& line, push_clients& clients, source& from) {
    std::istringstream words{line};
    std::string what, path;
    std::size_t a = 0, b = 0, c = 0;
    words >> what;
    if (what == "bare") words >> path;
    words >> a >> b >> c;
    const auto begun = clock_type::now();
    if (what == "open") {
        clients.open(a);
        print_seconds(begun);
    } else if (what == "close") {
        clients.close();
        print_seconds(begun);
    } else if (what == "events") {
        events(clients, a, b);
    } else if (what == "fanout") {
        fanout(clients, a);
    } else if (what == "latency") {
        latency(clients, from, a, static_cast<double>(b));
    } else if (what == "bare") {
        bare(path, a, static_cast<double>(b), c);
    } else {
        fail("what is " + line + "?");
    }
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string from = argc == 5 ? argv[4] : "";
    const bool http = from.starts_with("http:");
    if (!http && !from.starts_with("redis:")) {
        std::fprintf(stderr, "usage: push_load PORT TARGETS_FILE MARK redis:SOCKET | http:PORT\n");
        return 2;
    }
    rlimit descriptors{};
    ::getrlimit(RLIMIT_NOFILE, &descriptors);
    descriptors.rlim_cur = descriptors.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &descriptors);
    try {
        const auto where = from.substr(from.find(':') + 1);
        source events_from{http ? connect_tcp(static_cast<std::uint16_t>(std::stoi(where))) : connect_unix(where),
                           http ? "HTTP/1.1 200 " : ":1\r\n"};
        push_clients clients{static_cast<std::uint16_t>(std::stoi(argv[1])), read_targets(argv[2]), argv[3],
                             events_from};
        for (std::string line; next_line(line, clients);) obey(line, clients, events_from);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "push_load: %s\n", failure.what());
        return 1;
    }
}
