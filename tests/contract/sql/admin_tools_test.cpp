// API tokens and the sources of audit rows keep their rules, whoever writes (migration 0005).
#include "tests/contract/sql/support.hpp"

using namespace stagedoor;
using namespace stagedoor::tests;

namespace {

constexpr std::string_view token_row =
    "(id, user_id, name, token_hash, scopes, created_at_ms, expires_at_ms) "
    "SELECT '0190f000-0000-7000-8000-0000000000b1', '0190f000-0000-7000-8000-00000000000b', 'a tool', "
    "zeroblob(32), '[\"read\"]', now_ms, now_ms + 60000 FROM clock";

// Bert is an admin and has one living token.
void give_bert_a_token(test_database& db) {
    add_anna_and_bert(db);
    const auto made = db.connection().run_script(
        "UPDATE users SET role = 'admin', status = 'active' WHERE email LIKE 'bert%'; "
        "INSERT INTO api_tokens " +
        std::string{token_row});
    INFO(db.connection().last_message());
    REQUIRE(made);
}

std::string tokens(test_database& db) {
    return db.ask(
               "SELECT json_group_array(json_array(id, user_id, name, hex(token_hash), scopes, expires_at_ms, "
               "revoked_at_ms)) "
               "FROM api_tokens") +
           db.contents();
}

}  // namespace

TEST_CASE("what no API token may be or become is refused whoever writes it, and nothing has changed") {
    const std::vector<std::string> statements{
        "UPDATE api_tokens SET name = 'other'",
        "UPDATE api_tokens SET scopes = '[\"read\",\"approve\"]'",
        "UPDATE OR REPLACE api_tokens SET token_hash = randomblob(32)",
        "UPDATE OR IGNORE api_tokens SET expires_at_ms = expires_at_ms + 1",
        "UPDATE api_tokens SET user_id = '0190f000-0000-7000-8000-00000000000a'",
        "UPDATE api_tokens SET revoked_at_ms = -1",
        "DELETE FROM api_tokens",
        "REPLACE INTO api_tokens " + std::string{token_row},
        "INSERT OR IGNORE INTO api_tokens " + std::string{token_row},
        "INSERT INTO api_tokens SELECT '0190f000-0000-7000-8000-0000000000b2', user_id, name, token_hash, scopes, "
        "created_at_ms, "
        "expires_at_ms, NULL, NULL FROM api_tokens",
        "INSERT INTO api_tokens SELECT '0190f000-0000-7000-8000-0000000000b2', '0190f000-0000-7000-8000-00000000000a', "
        "name, "
        "randomblob(32), scopes, created_at_ms, expires_at_ms, NULL, NULL FROM api_tokens",
        "INSERT INTO api_tokens SELECT '0190f000-0000-7000-8000-0000000000b2', user_id, name, randomblob(32), "
        "'[\"all\"]', "
        "created_at_ms, expires_at_ms, NULL, NULL FROM api_tokens",
        "INSERT INTO api_tokens SELECT '0190f000-0000-7000-8000-0000000000b2', user_id, name, randomblob(32), scopes, "
        "created_at_ms, NULL, NULL, NULL FROM api_tokens",
        "INSERT INTO api_tokens SELECT '0190f000-0000-7000-8000-0000000000b2', user_id, name, randomblob(32), scopes, "
        "created_at_ms, created_at_ms + 31622400001, NULL, NULL FROM api_tokens",
        "INSERT INTO api_tokens SELECT 'b2', user_id, name, randomblob(32), scopes, created_at_ms, expires_at_ms, "
        "NULL, NULL "
        "FROM api_tokens",
        "INSERT INTO api_tokens SELECT '0190f000-0000-7000-8000-0000000000b2', user_id, char(10), randomblob(32), "
        "scopes, "
        "created_at_ms, expires_at_ms, NULL, NULL FROM api_tokens",
        "UPDATE audit_sources SET address = 'elsewhere'",
    };
    for (const auto& hand : all_hands()) {
        test_database db;
        give_bert_a_token(db);
        REQUIRE(hand.write(db,
                           "BEGIN; INSERT INTO change_context (actor, origin, address) VALUES ('me', 'sql', 'here'); "
                           "UPDATE users SET display_name = 'B'; DELETE FROM change_context; COMMIT") == "");
        const auto before = tokens(db);
        for (const auto& each : statements) {
            INFO(hand.name << ": " << each);
            CHECK(hand.write(db, each) != "");
            CHECK(tokens(db) == before);
        }
    }
}

TEST_CASE("an API token's beginning and end are audited, and its end is final") {
    for (const auto& hand : all_hands()) {
        INFO(hand.name);
        test_database db;
        give_bert_a_token(db);
        CHECK(db.ask("SELECT count(*) FROM audit_log WHERE action = 'token_created' AND actor = 'sql'") == "1");
        CHECK(hand.write(db, "UPDATE api_tokens SET revoked_at_ms = 5") == "");
        CHECK(
            db.ask("SELECT count(*) FROM audit_log WHERE action = 'token_revoked' AND after ->> '$.name' = 'a tool'") ==
            "1");
        CHECK_THAT(hand.write(db, "UPDATE OR REPLACE api_tokens SET revoked_at_ms = NULL"),
                   Catch::Contains("token_revoked"));
        CHECK_THAT(hand.write(db, "UPDATE api_tokens SET revoked_at_ms = 6"), Catch::Contains("token_revoked"));
        CHECK(hand.write(db, "DELETE FROM api_tokens") == "");
        CHECK(db.ask("SELECT count(*) FROM audit_log WHERE action LIKE 'token%'") == "2");
    }
}

TEST_CASE("every way to lose role or status takes the tokens along") {
    for (const auto& change : {"role = 'stage_manager'", "status = 'suspended'"}) {
        for (const auto& hand : all_hands()) {
            test_database db;
            give_bert_a_token(db);
            INFO(hand.name << ": " << change);
            CHECK(hand.write(db, "UPDATE users SET " + std::string{change} + " WHERE email LIKE 'bert%'") == "");
            CHECK(db.ask("SELECT revoked_at_ms > 0 FROM api_tokens") == "1");
            CHECK(db.inconsistency() == "");
        }
    }
}

TEST_CASE("where a change came from is beside its audit row, and goes with it") {
    test_database db;
    add_anna_and_bert(db);
    const hand us{"our connection"};
    CHECK(
        us.write(
            db,
            "BEGIN; INSERT INTO change_context (actor, origin, address, token_id) VALUES ('me', 'token', '192.0.2.1', "
            "'0190f000-0000-7000-8000-0000000000b1'); UPDATE users SET status = 'active'; "
            "DELETE FROM change_context; COMMIT") == "");
    CHECK(db.ask("SELECT count(*) FROM audit_log JOIN audit_sources ON audit_id = id WHERE action = 'approved' "
                 "AND address = '192.0.2.1' AND token_id IS NOT NULL") == "2");
    CHECK(db.ask("SELECT count(*) FROM audit_sources") == "2");
    CHECK(us.write(db, "DELETE FROM audit_log WHERE action = 'approved'") == "");
    CHECK(db.ask("SELECT count(*) FROM audit_sources") == "0");
}
