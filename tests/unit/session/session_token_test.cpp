#include "tests/support/catch.hpp"

#include "common/core/secrets.hpp"
#include "common/session/session_record.hpp"
#include "common/session/session_token.hpp"

using namespace stagedoor;
using namespace stagedoor::session;

namespace {

key_ring ring_of(const std::string& text) {
    init_crypto();
    std::string complaint;
    auto ring = key_ring::parse(text, complaint);
    INFO(complaint);
    REQUIRE(ring);
    return *ring;
}

std::string complaint_about(const std::string& text) {
    init_crypto();
    std::string complaint;
    CHECK_FALSE(key_ring::parse(text, complaint));
    return complaint;
}

const std::string key_a = "1 KFGdFEoNVQQs71Bq_Eu8ObcmaYp5pzImOl0TvWfJxeA\n";
const std::string key_b = "2 Xl4q3MR8Mr4ZwxG5zP3gr1Z6igCjMGhJW6kFZ3IAQQ4\n";

token_claims some_claims() { return {1, user_id{make_uuid_v7()}, session_id{make_uuid_v4()}, 7}; }

}  // namespace

TEST_CASE("a token says again what it was made of") {
    const auto ring = ring_of(key_a);
    const auto claims = some_claims();
    const auto text = format_token(claims, *prove(ring, claims));
    CHECK(text.size() == token_chars);
    const auto parsed = parse_token(text);
    REQUIRE(parsed);
    CHECK(parsed->claims.user == claims.user);
    CHECK(parsed->claims.session == claims.session);
    CHECK(parsed->claims.generation == 7);
    CHECK(is_genuine(ring, *parsed));
}

TEST_CASE("a token with any character changed is not genuine") {
    const auto ring = ring_of(key_a);
    const auto claims = some_claims();
    const auto text = format_token(claims, *prove(ring, claims));
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto forged = text;
        forged[i] = forged[i] == 'A' ? 'B' : 'A';
        const auto parsed = parse_token(forged);
        INFO("character " << i);
        CHECK_FALSE((parsed && is_genuine(ring, *parsed)));
    }
}

TEST_CASE("texts that are no tokens are refused") {
    for (const std::string text : {"", "x", "%%%"}) CHECK_FALSE(parse_token(text));
    CHECK_FALSE(parse_token(std::string(token_chars, '=')));
    CHECK_FALSE(parse_token(std::string(token_chars, 'A')));  // format 0
    CHECK_FALSE(parse_token(std::string(token_chars + 1, 'A')));
}

TEST_CASE("a token of an accepted key that does not sign any more is genuine") {
    const auto old_ring = ring_of(key_a);
    const auto claims = some_claims();
    const auto token = parse_token(format_token(claims, *prove(old_ring, claims)));
    CHECK(is_genuine(ring_of(key_b + key_a), *token));
    CHECK_FALSE(is_genuine(ring_of(key_b), *token));
}

TEST_CASE("a key file is refused with its line and reason, and without the key") {
    CHECK(complaint_about("").find("no key") != std::string::npos);
    CHECK(complaint_about("1 short\n").starts_with("line 1: the key has to be 32 bytes"));
    CHECK(complaint_about("# x\n256 KFGdFEoNVQQs71Bq_Eu8ObcmaYp5pzImOl0TvWfJxeA\n").starts_with("line 2: the id"));
    CHECK(complaint_about(key_a + key_a).starts_with("line 2: the id is taken"));
    CHECK(complaint_about("1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n").find("weak") != std::string::npos);
    // "password" four times: eight values
    CHECK(complaint_about("1 cGFzc3dvcmRwYXNzd29yZHBhc3N3b3JkcGFzc3dvcmQ\n").find("weak") != std::string::npos);
    // 0, 1, 2, …, 31; and "correct horse battery staple 123".
    CHECK(complaint_about("1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n").find("weak") != std::string::npos);
    CHECK(complaint_about("1 Y29ycmVjdCBob3JzZSBiYXR0ZXJ5IHN0YXBsZSAxMjM\n").find("weak") != std::string::npos);
    CHECK(complaint_about(key_a + "3" + key_a.substr(1)).starts_with("line 2: the key is there already"));
}

TEST_CASE("a session's name in logs is a hash that anybody can make of its id") {
    init_crypto();
    // printf %s 01890a5d-ac96-474b-8cce-b302099a8057 | sha256sum | cut -c1-12
    CHECK(session_hash(*session_id::parse("01890a5d-ac96-474b-8cce-b302099a8057")) == "7f51ba26834e");
}

TEST_CASE("a made key file is accepted and never the same twice") {
    for (int i = 0; i < 1'000; ++i) ring_of(key_ring::make_file_text());
    CHECK(key_ring::make_file_text() != key_ring::make_file_text());
}

TEST_CASE("records and tombstones survive their text") {
    session_record record;
    record.epoch = 3;
    record.generation = 9;
    record.created_at = from_unix_ms(1);
    record.last_seen_at = from_unix_ms(2);
    record.expires_at = from_unix_ms(3);
    record.proof.fill(7);
    const auto survives = [](const session_record& r) {
        const auto parsed = parse_record(format_record(r));
        return parsed && std::get<session_record>(*parsed) == r;
    };
    CHECK(survives(record));
    record.first_used_at = from_unix_ms(5);
    record.predecessor_dead = false;
    CHECK(survives(record));

    const tombstone ended{errc::session_signed_out, from_unix_ms(8)};
    const auto parsed = parse_record(format_tombstone(ended));
    REQUIRE(parsed);
    CHECK(std::get<tombstone>(*parsed) == ended);
}

TEST_CASE("a record cut short or lengthened is no record") {
    session_record record;
    if (GENERATE(false, true)) record.previous_acknowledged.told = told_status{};  // in the second format
    const auto text = format_record(record);
    for (std::size_t size = 0; size < text.size(); ++size) {
        INFO(text.substr(0, size));
        CHECK_FALSE(parse_record(text.substr(0, size)));
    }
    CHECK_FALSE(parse_record(text + " 1"));
}

TEST_CASE("a record holds no proof, so that a dump of Redis lets nobody in") {
    const auto ring = ring_of(key_a);
    const auto claims = some_claims();
    session_record record;
    record.proof = digest_of(*prove(ring, claims));
    const auto text = format_record(record);
    CHECK(text.find(to_base64url(*prove(ring, claims))) == std::string::npos);
}
