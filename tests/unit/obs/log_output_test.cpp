#include <spdlog/spdlog.h>

#include "common/obs/log.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/obs/pipe.hpp"

using namespace stagedoor;
using namespace stagedoor::obs;

namespace {

// What `speak` logs through an output of these settings, without the times.
template <class Speak>
std::string logged(log::format format, log::level level, Speak speak) {
    tests::pipe pipe;
    {
        const log::output output{{.format = format, .level = level, .fd = pipe.writer()}};
        speak();
    }
    pipe.close_writer();
    auto all = pipe.read_all();
    const std::string time = "2026-11-23T20:03:01.123Z";
    for (std::size_t at = 0; (at = all.find("20", at)) != std::string::npos;) {
        const bool is_time = at + time.size() <= all.size() && all[at + time.size() - 1] == 'Z' && all[at + 10] == 'T';
        if (is_time) all.replace(at, time.size(), "T");
        ++at;
    }
    return all;
}

}  // namespace

TEST_CASE("our records and spdlog's come out alike, in order") {
    const auto speak = [] {
        log::info("started", {{"threads", 2}});
        spdlog::warn("relay: {} left", 3);
        log::error("failed", {{"why", "no reason"}});
    };
    CHECK(logged(log::format::text, log::level::info, speak) ==
          "T info  started threads=2\nT warn  relay: 3 left\nT error failed why=\"no reason\"\n");
    CHECK(logged(log::format::json, log::level::info, speak) ==
          "{\"time\":\"T\",\"level\":\"info\",\"event\":\"started\",\"threads\":2}\n"
          "{\"time\":\"T\",\"level\":\"warn\",\"message\":\"relay: 3 left\"}\n"
          "{\"time\":\"T\",\"level\":\"error\",\"event\":\"failed\",\"why\":\"no reason\"}\n");
}

TEST_CASE("what is below the level is not written, whoever says it") {
    const auto speak = [] {
        CHECK_FALSE(log::enabled(log::level::info));
        log::debug("a");
        log::info("b");
        spdlog::debug("c");
        spdlog::info("d");
        log::warn("e");
        spdlog::error("f");
    };
    CHECK(logged(log::format::text, log::level::warn, speak) == "T warn  e\nT error f\n");
    CHECK(logged(log::format::text, log::level::off, [] {
              log::error("a");
              spdlog::critical("b");
          }).empty());
}

TEST_CASE("the level debug lets everything through") {
    CHECK(logged(log::format::text, log::level::debug, [] {
              log::debug("a");
              spdlog::debug("b");
          }) == "T debug a\nT debug b\n");
}

TEST_CASE("after the output has gone, logging still does no harm") {
    logged(log::format::text, log::level::off, [] {});
    log::info("nobody_listens");
    spdlog::info("nobody listens");
}
