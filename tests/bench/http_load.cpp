// A load generator for session_check.mjs: reads one HTTP request from standard input, sends it again and again over
// keep-alive connections, and prints what came of it as a line of JSON.
//
//     http_load PORT CONNECTIONS REQUESTS < request
#include "http_load.hpp"

#include <cstdio>
#include <iterator>
#include <iostream>

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: http_load PORT CONNECTIONS REQUESTS < request\n");
        return 2;
    }
    const std::string request{std::istreambuf_iterator<char>{std::cin}, {}};
    stagedoor::bench::http_load load{static_cast<std::uint16_t>(std::atoi(argv[1])), std::atoi(argv[2]), request};
    const auto result = load.run(std::atoi(argv[3]));
    std::printf("{\"perSecond\":%.0f,\"p50\":%.0f,\"p99\":%.0f}\n", result.per_second, result.p50_us, result.p99_us);
}
