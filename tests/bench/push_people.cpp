// People who are signed in, for push.mjs: writes what auth-service would have put into Redis for them, without the 20
// ms of Argon2id that each sign-in costs, and the sockets that their browsers would open.
//
//     push_people KEY_FILE COOKIE_NAME ORIGIN USERS SOCKETS_EACH FRAME_BYTES COMMANDS_FILE TARGETS_FILE
//
// COMMANDS_FILE is for `redis-cli --pipe`, TARGETS_FILE for push_load.
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "common/core/event.hpp"
#include "common/core/redis_schema.hpp"
#include "common/core/secrets.hpp"
#include "common/session/key_file.hpp"
#include "common/session/session_record.hpp"
#include "common/session/session_token.hpp"
#include "push_target.hpp"

using namespace stagedoor;
using namespace std::chrono_literals;

namespace {

std::string to_command(std::initializer_list<std::string_view> words) {
    std::string out = "*" + std::to_string(words.size()) + "\r\n";
    for (const auto word : words) {
        out.append("$").append(std::to_string(word.size())).append("\r\n").append(word).append("\r\n");
    }
    return out;
}

struct signed_in {
    std::string key;
    std::string record;
    std::string token;
};

signed_in sign_in(const session::key_ring& keys, const redis_schema& schema, const user_id& user) {
    const session::token_claims claims{keys.signing_key_id(), user, {make_uuid_v4()}, 0};
    const auto proof = session::prove(keys, claims);
    session::session_record record;
    record.key_id = claims.key_id;
    record.created_at = record.last_seen_at = system_now();
    record.expires_at = system_now() + 24h;
    record.proof = session::digest_of(*proof);
    return {schema.session(user, claims.session), session::format_record(record),
            session::format_token(claims, *proof)};
}

// An event of so many bytes: what clients get is ready made, so that its size is free.
std::string frame_for(const user_id& user, std::size_t bytes) {
    std::string out = "{\"specversion\":\"1.0\",\"source\":\"/stagedoor\",\"type\":\"bench.event\",\"id\":\"";
    out.append(bench::event_number).append("\",\"subject\":\"").append(user.text()).append("\",\"data\":\"");
    const std::string_view end = "\"}";
    if (out.size() + end.size() < bytes) out.append(bytes - out.size() - end.size(), 'x');
    return out.append(end);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 9) {
        std::fprintf(stderr,
                     "usage: push_people KEY_FILE COOKIE_NAME ORIGIN USERS SOCKETS_EACH FRAME_BYTES COMMANDS_FILE "
                     "TARGETS_FILE\n");
        return 2;
    }
    const auto keys = session::load_key_file(argv[1], session::missing_key_file::is_an_error);
    if (!keys) {
        std::fprintf(stderr, "%s\n", keys.error().c_str());
        return 1;
    }
    const auto number = [&](int i) { return static_cast<std::size_t>(std::atoll(argv[i])); };
    const redis_schema schema;
    std::string commands, targets;
    for (std::size_t i = 0; i < number(4); ++i) {
        user_facts facts;
        facts.id = {make_uuid_v7()};
        facts.email = "person" + std::to_string(i) + "@example.com";
        facts.display_name = "Ada Lovelace";
        const auto letter =
            "e " + std::string{bench::event_number} + " 0 - - pending " + frame_for(facts.id, number(6));
        const auto publish = to_command({"PUBLISH", schema.events(facts.id), letter});
        commands += to_command({"SET", schema.user(facts.id), to_snapshot_json(facts)});
        for (std::size_t socket = 0; socket < number(5); ++socket) {
            const auto session = sign_in(*keys, schema, facts.id);
            commands += to_command({"SET", session.key, session.record, "EX", "86400"});
            // As Firefox asks for it.
            const auto request =
                "GET /ws HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) "
                "Gecko/20100101 Firefox/128.0\r\nAccept: */*\r\nAccept-Language: en-US,en;q=0.5\r\n"
                "Accept-Encoding: gzip, deflate, br\r\nSec-WebSocket-Version: 13\r\nOrigin: " +
                std::string{argv[3]} +
                "\r\nSec-WebSocket-Protocol: cloudevents.json\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nCookie: " +
                std::string{argv[2]} + "=" + session.token + "\r\n\r\n";
            bench::append_target(targets, {request, {}, {publish, publish}, 1});
        }
    }
    std::ofstream{argv[7], std::ios::binary} << commands;
    std::ofstream{argv[8], std::ios::binary} << targets;
}
