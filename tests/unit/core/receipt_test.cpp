#include <catch2/catch.hpp>

#include "common/core/receipt.hpp"

using namespace stagedoor;

TEST_CASE("a receipt survives being written and read", "[receipt]") {
    const receipt some[] = {
        {true, true, 0, 0, 0, from_unix_ms(0)},
        {false, true, 3, 9, 7, from_unix_ms(1'790'000'000'123)},
        {true, false, 9'007'199'254'740'991, 9'007'199'254'740'991, 0, from_unix_ms(1)},
    };
    for (const auto& each : some) CHECK(parse_receipt(format_receipt(each)) == each);
    CHECK(format_receipt(some[1]) == "c w 3 9 7 1790000000123");
    const receipt ended{false, true, 3, 9, 7, from_unix_ms(1'790'000'000'123), 10};
    CHECK(format_receipt(ended) == "e w 3 9 7 10 1790000000123");
    CHECK(parse_receipt(format_receipt(ended)) == ended);
}

TEST_CASE("what is no receipt is none", "[receipt]") {
    for (const auto* text : {"", "o", "o w", "o w ", "x w 1 2 3 4", "o x 1 2 3 4", "o w 1 2 3", "o w 1 2 3 4 5", "o w -1 2 3 4",
                             "o w 1 2 3 4 ", "o w 1  2 3 4", "o w 1 2 3 4x", "ow 1 2 3 4", "e w 1 2 3 4", "e w 1 2 3 0 4", "c w 1 2 3 4 5", "e w 1 2 3 4 5 6",
                             "o w 99999999999999999999 2 3 4"}) {
        INFO(text);
        CHECK_FALSE(parse_receipt(text));
    }
}

TEST_CASE("a socket's name says who holds it", "[receipt]") {
    CHECK(socket_name("no_de-1", 2, 77) == "no_de-1.2.77");
    CHECK(holder_of("no_de-1.2.77") == "no_de-1.2");
    CHECK(holder_of(receipts_horizon).empty());
    CHECK(holder_of("a.b").empty());
}
