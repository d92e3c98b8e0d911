#include "common/http/trace.hpp"

#include <algorithm>
#include <set>

#include "tests/support/catch.hpp"

using namespace stagedoor::http;

namespace {

constexpr std::string_view trace = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr std::string_view parent = "00f067aa0ba902b7";

}  // namespace

TEST_CASE("a valid traceparent is taken over") {
    const auto context = trace_context::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    REQUIRE(context);
    CHECK(context->trace_id() == trace);
    CHECK(context->parent_id() == parent);
    CHECK(context->sampled());
    CHECK_FALSE(trace_context::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0a")->sampled());
    CHECK(trace_context::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0b")->sampled());
}

TEST_CASE("a later version of traceparent is read as far as we know it") {
    CHECK(trace_context::parse("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes"));
    CHECK(trace_context::parse("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
}

TEST_CASE("an invalid traceparent is ignored") {
    for (const std::string_view text : {
             "",
             "00",
             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
             "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
             "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
             "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
             "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
             "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more",
             "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
             "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
             "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
         }) {
        INFO(text);
        CHECK_FALSE(trace_context::parse(text));
    }
}

TEST_CASE("a trace that we begin is valid, not sampled, and unlike any other") {
    id_source ids;
    std::set<std::string> seen;
    for (int i = 0; i < 1'000; ++i) {
        const auto made = trace_context::make(ids);
        CHECK_FALSE(made.sampled());
        const std::string text = "00-" + std::string{made.trace_id()} + "-" + std::string{made.parent_id()} + "-00";
        CHECK(trace_context::parse(text));
        seen.insert(text);
    }
    CHECK(seen.size() == 1'000);
}

TEST_CASE("a request id is 16 lower-case hex digits") {
    CHECK(request_id{0}.text() == "0000000000000000");
    CHECK(request_id{0x0123456789abcdef}.text() == "0123456789abcdef");
}
