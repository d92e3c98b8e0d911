#include "common/config/sources.hpp"

#include "tests/support/catch.hpp"

using namespace stagedoor::config;

namespace {

struct fixture {
    std::string url;
    std::vector<std::string> origins;
    bool quiet = false;
    secret password;
    option_set set;
    vocabulary known;
    problems wrong;
    std::vector<std::string> operands;

    fixture() {
        set.add("redis-url", url, text("URL"), "unix:/default", "");
        set.add("allowed-origin", origins, text("ORIGIN"), {"https://default"}, "");
        set.add("quiet", quiet, on_off(), false, "");
        set.add("redis-password", password, hidden(), {}, "");
        for (const auto& option : set.options()) known.options.push_back(&option);
        known.about_unknown = [](std::string_view name) { return "unknown " + std::string{name}; };
    }

    given_values flags(std::vector<std::string> arguments) { return read_flags(arguments, known, operands, wrong); }
    given_values file(std::string_view text) { return read_file("f", text, known, wrong); }
};

std::vector<std::string> values(const given_values& given, const std::string& name) {
    std::vector<std::string> out;
    if (const auto found = given.find(name); found != given.end()) {
        for (const auto& value : found->second) out.push_back(value.value);
    }
    return out;
}

using list = std::vector<std::string>;

}  // namespace

TEST_CASE("a flag's value follows it, after a space or an equals sign") {
    fixture f;
    const auto given = f.flags({"--redis-url", "a", "--allowed-origin=b", "--allowed-origin", "c=d"});
    CHECK(values(given, "redis-url") == list{"a"});
    CHECK(values(given, "allowed-origin") == list{"b", "c=d"});
    CHECK(f.wrong.empty());
}

TEST_CASE("a switch needs no value and takes none from the next argument") {
    fixture f;
    CHECK(values(f.flags({"--quiet", "--redis-url", "a"}), "quiet") == list{"on"});
    CHECK(values(f.flags({"--quiet=off"}), "quiet") == list{"off"});
    CHECK(f.wrong.empty());
    f.flags({"--quiet", "off"});
    CHECK(f.operands == list{"off"});
}

TEST_CASE("a flag without its value is a problem") {
    for (const auto& arguments : {list{"--redis-url"}, list{"--redis-url", "--quiet"}}) {
        fixture f;
        f.flags(arguments);
        CHECK(f.wrong == list{"--redis-url: the value is missing; redis-url has to be text"});
    }
}

TEST_CASE("the value of an unknown flag is not shown, since it may be a misspelt secret") {
    for (const auto& arguments : {list{"--pasword", "hunter2"}, list{"--pasword=hunter2"}}) {
        fixture f;
        f.flags(arguments);
        CHECK(f.wrong == list{"unknown pasword"});
    }
}

TEST_CASE("what is no flag is an operand, and so is everything behind a lone --") {
    fixture f;
    f.flags({"ada@example.com", "-x", "-", "--quiet", "--", "--quiet", "-x"});
    CHECK(f.operands == list{"ada@example.com", "-", "--quiet", "-x"});
    CHECK(f.wrong == list{"unexpected argument '-x'"});
}

TEST_CASE("what belongs to one call is read from flags alone") {
    fixture f;
    f.set.find("quiet")->only_as_flag();
    CHECK(values(read_environment({{"STAGEDOOR_QUIET", "on"}}, f.known, f.wrong), "quiet").empty());
    CHECK(values(f.file("quiet = on"), "quiet").empty());
    CHECK(f.wrong == list{"unknown STAGEDOOR_QUIET", "f:1: unknown quiet"});
}

TEST_CASE("variables of ours are read, empty ones count as not set, others are left alone") {
    fixture f;
    const auto given =
        read_environment({{"STAGEDOOR_REDIS_URL", "a"}, {"STAGEDOOR_QUIET", ""}, {"PATH", "/bin"}, {"REDIS_URL", "b"}},
                         f.known, f.wrong);
    CHECK(values(given, "redis-url") == list{"a"});
    CHECK(given.size() == 1);
    CHECK(f.wrong.empty());
}

TEST_CASE("an unknown variable of ours is a problem, the sister service's and the platform's are not") {
    fixture f;
    read_environment({{"STAGEDOOR_REDIS_ULR", "a"},
                      {"STAGEDOOR_redis_url", "a"},
                      {"STAGEDOOR_SESSION_KEY_FILE", "k"},
                      {"STAGEDOOR_TEST_LOGS", "d"},
                      {"STAGEDOOR_AUTH_SERVICE_HOST", "10.0.0.1"},
                      {"STAGEDOOR_AUTH_SERVICE_PORT_HTTP", "80"},
                      {"STAGEDOOR_AUTH_PORT", "tcp://10.0.0.1:80"},
                      {"STAGEDOOR_AUTH_PORT_80_TCP_ADDR", "10.0.0.1"}},
                     f.known, f.wrong);
    CHECK(f.wrong == list{"unknown STAGEDOOR_REDIS_ULR", "unknown STAGEDOOR_redis_url"});
}

TEST_CASE("a file has one name = value to a line") {
    fixture f;
    const auto given = f.file("# comment\n\n redis-url = unix:/a#b = c \r\nallowed-origin=x\nallowed-origin = y");
    CHECK(values(given, "redis-url") == list{"unix:/a#b = c"});
    CHECK(values(given, "allowed-origin") == list{"x", "y"});
    CHECK(given.at("allowed-origin")[1].where == "f:5");
    CHECK(f.wrong.empty());
}

TEST_CASE("a wrong line of a file is named by its number") {
    fixture f;
    f.file("redis-url\nfoo = bar\nsession-key-file = keys\n");
    CHECK(f.wrong == list{"f:1: this line has no '='; lines are name = value", "f:2: unknown foo"});
}

TEST_CASE("the first source that has a value counts, whole") {
    fixture f;
    const given_values flags{{"allowed-origin", {{"--allowed-origin", "a"}}}};
    const given_values file{{"allowed-origin", {{"f:1", "b, c"}}}, {"redis-url", {{"f:2", "u"}}}};
    const std::array<const given_values*, 2> sources{&flags, &file};
    for (auto& option : f.set.options()) assign(option, sources, f.wrong);
    CHECK(f.origins == list{"a"});
    CHECK(f.url == "u");
    CHECK_FALSE(f.quiet);
    CHECK(f.wrong.empty());
}

TEST_CASE("a list is split at commas, and an empty item is a problem") {
    fixture f;
    const given_values good{{"allowed-origin", {{"E", "a, b"}, {"E", "c"}}}};
    const given_values bad{{"allowed-origin", {{"E", "a,,b"}}}};
    auto& option = *f.set.find("allowed-origin");
    assign(option, std::array{&good}, f.wrong);
    CHECK(f.origins == list{"a", "b", "c"});
    CHECK(f.wrong.empty());
    assign(option, std::array{&bad}, f.wrong);
    CHECK(f.wrong == list{"E: '' is not right; allowed-origin has to be text"});
}

TEST_CASE("one value given twice is a problem") {
    fixture f;
    const given_values twice{{"redis-url", {{"f:1", "a"}, {"f:2", "b"}}}};
    assign(*f.set.find("redis-url"), std::array{&twice}, f.wrong);
    CHECK(f.wrong == list{"f:2: redis-url is given more than once"});
}

TEST_CASE("a wrong secret is not shown") {
    fixture f;
    const given_values given{{"redis-password", {{"STAGEDOOR_REDIS_PASSWORD", "hunter\n2"}}}};
    assign(*f.set.find("redis-password"), std::array{&given}, f.wrong);
    REQUIRE(f.wrong.size() == 1);
    CHECK(f.wrong[0].find("hunter") == std::string::npos);
    CHECK(f.wrong[0].starts_with("STAGEDOOR_REDIS_PASSWORD: redis-password is not right"));
}

TEST_CASE("an option defined twice, or not in kebab-case, is a bug") {
    fixture f;
    CHECK_THROWS_AS(f.set.add("quiet", f.quiet, on_off(), false, ""), std::logic_error);
    CHECK_THROWS_AS(f.set.add("--loud", f.quiet, on_off(), false, ""), std::logic_error);
    CHECK_THROWS_AS(f.set.add("Loud", f.quiet, on_off(), false, ""), std::logic_error);
}
