#include "common/config/known_variables.hpp"
#include "common/config/program.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <sstream>

using namespace stagedoor::config;

namespace {

struct fixture {
    program main{"notify-service", "Pushes events."};
    listen_address listen;
    std::vector<std::string> origins;
    std::size_t threads = 0;
    secret password;
    bool quiet = false;
    bool json = false;

    fixture() {
        auto& set = main.command("serve", "Runs the service.");
        set.group("Network");
        set.add("listen", listen, address(), required,
                "Where browsers and gateways reach the service; never public "
                "without a gateway in front of it that ends TLS, since the service itself speaks plain HTTP only.");
        set.add("allowed-origin", origins, text("ORIGIN"), {"http://a", "http://b"}, "Who may connect.");
        set.group("Process");
        set.add("threads", threads, integer{1, 64}, 3, "Loops.").show_default("one per core");
        set.add("redis-password", password, hidden(), secret{"hunter2"}, "For Redis.");
        set.add("quiet", quiet, on_off(), false, "Says less.");
        set.add("log-format", json, one_of<bool>({{"text", false}, {"json", true}}), false, "How lines look.");
    }
};

}  // namespace

TEST_CASE("help shows the options by group, with value, default and variable") {
    fixture f;
    const auto help = f.main.help(*f.main.find("serve"));
    CHECK(
        help.starts_with("Usage: notify-service serve [OPTIONS]\n\nRuns the service.\n\nNetwork:\n  --listen "
                         "HOST:PORT\n      Where browsers"));
    for (const auto* part :
         {"Required.\n      Environment: STAGEDOOR_LISTEN\n", "--allowed-origin ORIGIN", "with commas",
          "Default: http://a,http://b.", "\nProcess:\n  --threads N\n", "Default: one per core.", "  --quiet\n",
          "Default: off.", "STAGEDOOR_REDIS_PASSWORD", "--config FILE"}) {
        INFO(part);
        CHECK(help.find(part) != std::string::npos);
    }
    CHECK(help.find("hunter2") == std::string::npos);
}

TEST_CASE("help fits a terminal of 100 columns") {
    fixture f;
    std::istringstream lines{f.main.help(*f.main.find("serve")) + f.main.overview()};
    for (std::string line; std::getline(lines, line);) {
        INFO(line);
        CHECK(line.size() <= 100);
    }
}

TEST_CASE("the Markdown tables come from the same definitions") {
    fixture f;
    const auto markdown = f.main.parse(std::vector<std::string>{"--help-markdown"}, {}).text;
    CHECK(markdown == f.main.markdown());
    for (const auto* part :
         {"### `notify-service serve`\n", "**Network**\n",
          "| `--listen HOST:PORT` | `STAGEDOOR_LISTEN` | required | Where ",
          "| `--threads N` | `STAGEDOOR_THREADS` | `one per core` | Loops. Expects a whole number from 1 to 64. |",
          "| `--quiet` | `STAGEDOOR_QUIET` | `off` | Says less. |", "| `--redis-password SECRET` |",
          "`--log-format text\\|json`", "Repeatable."}) {
        INFO(part);
        CHECK(markdown.find(part) != std::string::npos);
    }
    CHECK(markdown.find("hunter2") == std::string::npos);
}

TEST_CASE("a command with the options of another refers to it in the tables") {
    program main{"p", ""};
    bool quiet = false;
    for (const auto* name : {"serve", "check-config"})
        main.command(name, "S.").add("quiet", quiet, on_off(), false, "Q.");
    const auto markdown = main.markdown();
    CHECK(markdown.ends_with("### `p check-config`\n\nS.\n\nTakes the options of `p serve`.\n"));
    CHECK(markdown.find("--quiet") == markdown.rfind("--quiet"));
}

TEST_CASE("a command whose options mean something else has a table of its own") {
    program main{"p", ""};
    bool quiet = false;
    main.command("serve", "S.").add("quiet", quiet, on_off(), false, "Q.");
    main.command("restore", "R.").add("quiet", quiet, on_off(), false, "Another Q.");
    CHECK_THAT(main.markdown(), !Catch::Contains("Takes the options of") && Catch::Contains("Another Q."));
}

TEST_CASE("settings in force are shown without secrets") {
    fixture f;
    const surroundings around{
        .environment = {{"STAGEDOOR_REDIS_PASSWORD", "hunter3"}, {"STAGEDOOR_LISTEN", "127.0.0.1:1"}}, .read_file = {}};
    REQUIRE(f.main.parse(std::vector<std::string>{"serve"}, around).command == "serve");
    CHECK(f.password.reveal() == "hunter3");
    const auto shown = effective_settings(f.main.find("serve")->options);
    CHECK(shown.find("redis-password = (hidden)  (STAGEDOOR_REDIS_PASSWORD)\n") != std::string::npos);
    CHECK(shown.find("hunter") == std::string::npos);
}

TEST_CASE("the list of known options is in order, so that nothing is in it twice") {
    CHECK(std::ranges::is_sorted(known_options, std::ranges::less_equal{}));
}
