// A peer of session_check.mjs: Beast on one thread, every request answered with the same bytes. Ends with standard input.
//
//     beast_peer PORT BODY
#include <cstdio>
#include <cstdlib>

#include "beast_server.hpp"

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: beast_peer PORT BODY\n");
        return 2;
    }
    const stagedoor::bench::beast_server peer{static_cast<std::uint16_t>(std::atoi(argv[1])), argv[2]};
    while (std::getchar() != EOF) {
    }
}
