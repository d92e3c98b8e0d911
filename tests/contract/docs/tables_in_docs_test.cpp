// What proto-docs says in tables and examples is what the code has in tables and writes.
#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "common/core/close_code.hpp"
#include "common/core/errc.hpp"
#include "common/core/event.hpp"
#include "common/core/redis_schema.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor;

namespace {

std::string read(const std::string& name) {
    std::ifstream file{std::string{STAGEDOOR_PROTO_DOCS} + "/" + name};
    INFO(name);
    REQUIRE(file);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

boost::json::object example(const std::string& name) { return boost::json::parse(read("examples/" + name)).as_object(); }

std::vector<std::string> keys_of(const boost::json::object& object) {
    std::vector<std::string> keys;
    for (const auto& member : object) keys.emplace_back(member.key());
    return keys;
}

std::size_t rows_starting_with_digit(const std::string& text) {
    std::size_t rows = 0;
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
        if (line.size() > 2 && line.starts_with("| ") && line[2] >= '0' && line[2] <= '9') ++rows;
    }
    return rows;
}

// 0.1 s to 1.1 s; `-` for none.
std::string delay_text(const close_rule& row) {
    if (row.latest_ms == 0) return "-";
    std::ostringstream text;
    text << row.soonest_ms / 1000.0 << " s to " << row.latest_ms / 1000.0 << " s";
    return text.str();
}

}  // namespace

TEST_CASE("errors.md lists every problem with its status and title, and no other") {
    const auto text = read("errors.md");
    for (const auto& row : problem_table) {
        const auto line = "| " + std::to_string(row.status) + " | `" + std::string{row.code} + "` | " +
                          std::string{row.title} + " |\n";
        INFO(line);
        CHECK(text.find(line) != std::string::npos);
    }
    CHECK(rows_starting_with_digit(text) == problem_table.size());
}

TEST_CASE("close-codes.md lists every close code with its reason and advice, and no other") {
    const auto text = read("close-codes.md");
    for (const auto& row : close_table) {
        const auto begin = "| " + std::to_string(static_cast<int>(row.code)) + " | `";
        const auto end = "` | " + std::string{row.reason} + " | " + std::string{to_string(row.advice)} + " | " +
                         delay_text(row) + " | " + (row.status == 0 ? "-" : std::to_string(row.status)) + " |\n";
        const auto at = text.find(begin);
        INFO(begin << end);
        REQUIRE(at != std::string::npos);
        const auto line = text.substr(at, text.find('\n', at) + 1 - at);
        CHECK(line.ends_with(end));
    }
    CHECK(rows_starting_with_digit(text) == close_table.size());
}

TEST_CASE("redis-schema.md names every key") {
    const auto text = read("redis-schema.md");
    const user_id user{};
    const session_id session{};
    const redis_schema keys;
    for (auto key : {keys.user(user), keys.session(user, session), keys.events(user), keys.admin_events(),
                     keys.admin_seen(), keys.admin_incarnation(), keys.limit("<kind>", "<h>"), keys.fence()}) {
        const auto zero = user.text();
        for (auto at = key.find(zero); at != std::string::npos; at = key.find(zero)) {
            key.replace(at, zero.size(), key[at - 1] == '{' ? "<uid>" : "<sid>");
        }
        INFO(key);
        CHECK(text.find("`" + key + "`") != std::string::npos);
    }
}

TEST_CASE("the example of a snapshot is one, in the members' order of the code") {
    const auto object = example("snapshot.json");
    const auto facts = parse_snapshot(boost::json::serialize(object));
    REQUIRE(facts);
    CHECK(boost::json::parse(to_snapshot_json(*facts)) == object);
    CHECK(keys_of(boost::json::parse(to_snapshot_json(*facts)).as_object()) == keys_of(object));
}

TEST_CASE("the example of an event is what the relay writes") {
    const auto object = example("approved.json");
    auto facts = *parse_snapshot(boost::json::serialize(example("snapshot.json")));
    const user_event event{"approved", facts, user_status::pending, "Welcome to the house",
                           from_unix_ms(1'800'000'000'123)};
    const auto written = boost::json::parse(to_frame(event)).as_object();
    CHECK(written == object);
    CHECK(keys_of(written) == keys_of(object));
}

TEST_CASE("the example of a closing frame follows the table") {
    const auto data = example("closing.json").at("data").as_object();
    const auto& rule = rule_of(static_cast<close_code>(data.at("code").as_int64()));
    CHECK(data.at("reason").as_string() == boost::json::string_view{rule.reason});
    CHECK(data.at("reconnect").as_string() == boost::json::string_view{to_string(rule.advice)});
}

TEST_CASE("the example of a problem has the members of its table row") {
    const auto object = example("problem.json");
    const auto* const row = find_problem(object.at("code").as_string());
    REQUIRE(row);
    CHECK(object.at("status").as_int64() == row->status);
    CHECK(object.at("title").as_string() == boost::json::string_view{row->title});
    CHECK(object.at("type").as_string() == boost::json::string_view{"urn:stagedoor:problem:" + std::string{row->code}});
}
