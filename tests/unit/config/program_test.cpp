#include "common/config/program.hpp"

#include "tests/support/catch.hpp"

using namespace stagedoor::config;
using namespace std::chrono_literals;

namespace {

struct serve_options {
    listen_address listen;
    std::string redis_url;
    std::size_t threads = 0;
    std::chrono::seconds idle{};
    std::chrono::seconds absolute{};
};

struct auth {
    program main{"auth-service", "Accounts."};
    serve_options serve;
    std::string email;
    surroundings around{.environment = {}, .read_file = [](const std::string&) { return std::nullopt; }};

    auth() {
        auto& set = main.command("serve", "Runs the service.");
        set.add("listen", serve.listen, address(), required, "Where it listens.");
        set.add("redis-url", serve.redis_url, text("URL"), "unix:/redis", "Where Redis is.");
        set.add("threads", serve.threads, integer{1, 64}, 2, "Loops.");
        set.add("session-idle-timeout", serve.idle, duration{1min, 365 * 24h}, 24h, "");
        set.add("session-absolute-timeout", serve.absolute, duration{1min, 365 * 24h}, 14 * 24h, "");
        set.constrain([this] {
            return serve.idle <= serve.absolute ? "" : "session-idle-timeout is longer than session-absolute-timeout";
        });
        main.command("create-admin", "Makes an admin.").add("email", email, text("EMAIL"), required, "Whose.");
    }

    invocation run(std::vector<std::string> arguments) { return main.parse(arguments, around); }
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a right command line fills the struct of its command") {
    auth a;
    const auto chosen = a.run({"serve", "--listen", "[::1]:0", "--threads=4"});
    CHECK(chosen.command == "serve");
    CHECK(a.serve.listen == listen_address{"::1", 0});
    CHECK(a.serve.threads == 4);
    CHECK(a.serve.redis_url == "unix:/redis");
    CHECK(a.serve.idle == 24h);
}

TEST_CASE("flags count before the environment, the environment before the file, the file before the default") {
    auth a;
    a.around.environment = {
        {"STAGEDOOR_CONFIG", "/etc/s.conf"}, {"STAGEDOOR_REDIS_URL", "env"}, {"STAGEDOOR_THREADS", "5"}};
    a.around.read_file = [](const std::string& path) -> std::optional<std::string> {
        CHECK(path == "/etc/s.conf");
        return "redis-url = file\nthreads = 6\nsession-idle-timeout = 7h\nlisten = 127.0.0.1:1\nemail = "
               "for@another.command";
    };
    const auto chosen = a.run({"serve", "--threads", "4"});
    INFO(chosen.text);
    CHECK(chosen.command == "serve");
    CHECK(a.serve.threads == 4);
    CHECK(a.serve.redis_url == "env");
    CHECK(a.serve.idle == 7h);
    CHECK(effective_settings(a.main.find("serve")->options) ==
          "listen = 127.0.0.1:1  (/etc/s.conf:4)\n"
          "redis-url = env  (STAGEDOOR_REDIS_URL)\n"
          "threads = 4  (--threads)\n"
          "session-idle-timeout = 7h  (/etc/s.conf:3)\n"
          "session-absolute-timeout = 14d  (default)\n");
}

TEST_CASE("all problems are told at once, each with place, value and what is right") {
    auth a;
    a.around.environment = {{"STAGEDOOR_THREADS", "100"}, {"STAGEDOOR_REDIS_ULR", "x"}, {"STAGEDOOR_CONFIG", "s.conf"}};
    a.around.read_file = [](const std::string&) { return "session-idle-timeout = 5\nthread = 2\n"; };
    const auto chosen = a.run({"serve", "--lisen", "127.0.0.1:1", "--email=a@b"});
    CHECK(chosen.command.empty());
    CHECK(chosen.exit_code == 2);
    CHECK(chosen.text ==
          "auth-service serve: not started, because of its options:\n"
          "  unknown option '--lisen'; did you mean --listen?\n"
          "  --email is an option of `create-admin`, not of `serve`\n"
          "  unknown environment variable 'STAGEDOOR_REDIS_ULR'; did you mean STAGEDOOR_REDIS_URL?\n"
          "  s.conf:2: unknown option 'thread'; did you mean threads?\n"
          "  --listen is missing (or STAGEDOOR_LISTEN, or listen in a config file); it has to be an IP address and a "
          "port, "
          "like 127.0.0.1:8080 or [::1]:8080\n"
          "  STAGEDOOR_THREADS: '100' is not right; threads has to be a whole number from 1 to 64\n"
          "  s.conf:1: '5' is not right; session-idle-timeout has to be a time from 1m to 365d, in ms, s, m, h or d\n"
          "`auth-service help serve` shows what is right.\n");
}

TEST_CASE("what options have to fulfil together is checked when each is right by itself") {
    auth a;
    const auto chosen = a.run({"serve", "--listen", "127.0.0.1:1", "--session-idle-timeout", "30d"});
    CHECK(chosen.exit_code == 2);
    CHECK(has(chosen.text, "session-idle-timeout is longer than session-absolute-timeout"));
}

TEST_CASE("a command ignores variables of the program's other commands") {
    auth a;
    a.around.environment = {{"STAGEDOOR_REDIS_URL", "x"}, {"STAGEDOOR_THREADS", "not a number"}};
    CHECK(a.run({"create-admin", "--email", "a@example.com"}).command == "create-admin");
    CHECK(a.email == "a@example.com");
}

TEST_CASE("a config file that cannot be read, or is named twice, stops the start") {
    auth a;
    const auto unreadable = a.run({"serve", "--listen", "127.0.0.1:1", "--config", "/none"});
    CHECK(has(unreadable.text, "--config: the file '/none' cannot be read"));
    CHECK(unreadable.exit_code == 2);
    CHECK(has(a.run({"serve", "--config", "a", "--config", "b"}).text, "config is given more than once"));
}

TEST_CASE("a config file does not name another") {
    auth a;
    a.around.read_file = [](const std::string&) { return "config = other.conf\n"; };
    const auto chosen = a.run({"serve", "--listen", "127.0.0.1:1", "--config", "s.conf"});
    CHECK(has(chosen.text, "s.conf:1: unknown option 'config'"));
}

TEST_CASE("help is where people look for it") {
    auth a;
    for (const auto& arguments : {std::vector<std::string>{"help"}, {"--help"}, {"-h"}}) {
        const auto shown = a.run(arguments);
        CHECK(shown.exit_code == 0);
        CHECK(has(shown.text, "create-admin  Makes an admin."));
    }
    for (const auto& arguments : {std::vector<std::string>{"help", "serve"},
                                  {"serve", "--help"},
                                  {"serve", "-h"},
                                  {"--help", "serve"},
                                  {"serve", "--listen", "bad", "--help"}}) {
        const auto shown = a.run(arguments);
        CHECK(shown.exit_code == 0);
        CHECK(shown.command.empty());
        CHECK(has(shown.text, "Usage: auth-service serve"));
    }
}

TEST_CASE("the bare program shows its commands and fails, since it did nothing") {
    auth a;
    const auto shown = a.run({});
    CHECK(shown.exit_code == 2);
    CHECK(has(shown.text, "Usage: auth-service COMMAND"));
}

TEST_CASE("the version is the program's name and number") {
    auth a;
    CHECK(a.run({"--version"}).text == "auth-service " STAGEDOOR_VERSION "\n");
    CHECK(a.run({"serve", "--version"}).exit_code == 0);
}

TEST_CASE("an empty value is a value, and no request for the version") {
    auth a;
    for (const auto* const option : {"--listen", "--redis-url"}) {
        const auto refused = a.run({"serve", "--listen", "127.0.0.1:1", option, ""});
        CHECK(refused.exit_code == exit_usage);
        CHECK(has(refused.text, std::string{option}));
    }
}

TEST_CASE("an unknown command is told the nearest one") {
    auth a;
    for (const auto& arguments : {std::vector<std::string>{"srve"}, {"help", "srve"}}) {
        const auto shown = a.run(arguments);
        CHECK(shown.exit_code == 2);
        CHECK(has(shown.text, "there is no command 'srve'; did you mean serve?"));
    }
    const auto shown = a.run({"--listen=x", "serve"});
    CHECK(shown.exit_code == 2);
    CHECK(has(shown.text, "the command comes first"));
}

namespace {

struct control {
    program main{"control", "Decides."};
    std::vector<std::string> who;
    std::string reason;
    bool all = false;
    surroundings around{.environment = {}, .read_file = [](const std::string&) { return std::nullopt; }};

    control() {
        auto& approve = main.command("approve", "Lets people in.");
        approve.take_operands("WHO", who, 1, 2, "Whom: ids or e-mails.");
        approve.add("reason", reason, text("TEXT"), "", "What the person is told.").only_as_flag();
        approve.example("approve ada@example.com", "Lets Ada in.");
        main.command("list", "Shows them [all].").add("all", all, on_off(), false, "Everybody's.").only_as_flag();
        main.section("FILES", ".config is the first word.\n\nA second paragraph.");
    }

    invocation run(std::vector<std::string> arguments) { return main.parse(arguments, around); }
};

}  // namespace

TEST_CASE("a command takes as many operands as it says") {
    control c;
    CHECK(c.run({"approve", "a", "--reason", "x", "b"}).command == "approve");
    CHECK(c.who == std::vector<std::string>{"a", "b"});
    CHECK(has(c.run({"approve"}).text, "WHO is missing: Whom: ids or e-mails."));
    CHECK(has(c.run({"approve", "a", "b", "c"}).text, "unexpected argument 'c'; it takes at most 2"));
    CHECK(has(c.run({"list", "a"}).text, "unexpected argument 'a'\n"));
}

TEST_CASE("the help shows operands and examples, and no variable for what is a flag only") {
    control c;
    const auto help = c.run({"help", "approve"}).text;
    CHECK(has(help, "Usage: control approve [OPTIONS] WHO...\n"));
    CHECK(has(help, "Examples:\n  control approve ada@example.com\n      Lets Ada in.\n"));
    CHECK_FALSE(has(help, "STAGEDOOR_REASON"));
}

TEST_CASE("the manual page is made of the same definitions, and nothing in it is taken for a request") {
    control c;
    const auto page = c.run({"--help-man"}).text;
    CHECK(page.starts_with(".TH CONTROL 1 "));
    CHECK(has(page, ".SS \\fBcontrol approve\\fR \\fIWHO...\\fR\nLets people in.\n"));
    CHECK(has(page, ".TP\n\\fB\\-\\-reason\\fR \\fITEXT\\fR\nWhat the person is told.\n"));
    CHECK(has(page, ".SH FILES\n\\&.config is the first word.\n.PP\nA second paragraph.\n"));
}

TEST_CASE("completion knows the commands and the options of each") {
    control c;
    for (const std::string shell : {"bash", "zsh", "fish"}) {
        const auto script = c.main.completion(shell);
        REQUIRE(script);
        for (const auto* word : {"approve", "list", "reason", "all"}) CHECK(has(*script, word));
    }
    CHECK_FALSE(c.main.completion("tcsh"));
}
