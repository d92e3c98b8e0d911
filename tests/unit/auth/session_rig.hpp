// A session_service over models of its ports: a Redis, a database and two clocks, all in memory. Every call to a port
// may be told to fail; a failing Redis may have done what it was asked for, or not.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "auth-service/src/session/session_service.hpp"
#include "common/core/secrets.hpp"
#include "common/runtime/event.hpp"
#include "tests/support/run_task.hpp"

namespace stagedoor::tests {

using namespace std::chrono_literals;

// Which calls to a port fail, counted from 0. `before`: nothing was done; after it: it was done, and the reply got lost.
struct faults {
    int first = 0;
    int count = 0;
    errc why = errc::redis_unavailable;
    bool before = true;
    int calls = 0;

    bool fails(bool now_before) {
        if (now_before) ++calls;
        const int call = calls - 1;
        return before == now_before && call >= first && call - first < count;
    }
    void heal() { count = 0; }
    static constexpr int for_ever = 1'000'000;
};

struct model_session_store final : session::session_store {
    std::map<std::string, std::string> records;  // by session id
    std::map<std::string, user_facts> snapshots;
    instant clock = from_unix_ms(1'800'000'000'000);
    instant back_since{};
    int holds = 0;
    faults any;
    faults writes;

    instant now() const override { return clock; }
    instant since() const override { return back_since; }

    runtime::task<result<session::stored_session>> load(session::session_ref who, deadline_time) override {
        if (any.fails(true) || any.fails(false)) co_return any.why;
        session::stored_session loaded;
        if (const auto found = records.find(who.session.text()); found != records.end()) {
            loaded.stored = found->second;
            auto parsed = session::parse_record(found->second);
            if (!parsed) co_return parsed.error();
            loaded.value = std::move(*parsed);
        }
        if (const auto found = snapshots.find(who.user.text()); found != snapshots.end()) loaded.facts = found->second;
        co_return loaded;
    }
    runtime::task<result<std::vector<session::stored_value>>> load_records(user_id,
                                                                           std::vector<session_id>) override {
        co_return std::vector<session::stored_value>{};
    }
    runtime::task<result<std::optional<std::string>>> hold(session::session_ref who, deadline_time) override {
        if (refused()) co_return why();
        auto held = "h1 " + std::to_string(++holds);
        const bool done = records.try_emplace(who.session.text(), held).second;
        if (lost()) co_return why();
        if (!done) co_return std::optional<std::string>{};
        co_return std::optional{std::move(held)};
    }
    runtime::task<result<bool>> swap(session::session_ref who, std::string expected, session::session_record next,
                                     deadline_time) override {
        if (refused()) co_return failed<bool>(why());
        const auto found = records.find(who.session.text());
        const bool done = found != records.end() && found->second == expected;
        if (done) found->second = session::format_record(next);
        if (lost()) co_return failed<bool>(why());
        co_return done;
    }
    runtime::task<result<void>> bury(session::session_ref who, errc reason, deadline_time) override {
        if (refused()) co_return why();
        records[who.session.text()] = session::format_tombstone({reason, clock});
        if (lost()) co_return why();
        co_return result<void>{};
    }
    runtime::task<result<void>> settle(deadline_time) override {
        if (any.fails(true) || any.fails(false)) co_return any.why;
        co_return result<void>{};
    }
    runtime::task<result<user_facts>> put_snapshot(user_facts facts, deadline_time) override {
        if (refused()) co_return why();
        auto& stored = snapshots[facts.id.text()];
        if (facts.version > stored.version) stored = facts;
        if (lost()) co_return why();
        co_return stored;
    }

    session::session_record record_of(const session::session_ref& who) const {
        return std::get<session::session_record>(*session::parse_record(records.at(who.session.text())));
    }

private:
    bool refused() { return any.fails(true) | writes.fails(true); }
    bool lost() { return any.fails(false) | writes.fails(false); }
    errc why() const { return any.count > 0 ? any.why : writes.why; }
};

struct model_database {
    struct row {
        session::ledger_entry entry;
        std::optional<errc> ended;
    };
    std::map<std::string, row> sessions;
    std::map<std::string, user_facts> users;
    instant clock = from_unix_ms(1'800'000'000'000);
    faults any{.why = errc::database_busy};
    int reads_at_once = 0, most_reads_at_once = 0;
    std::function<void()> after_next_read;  // of a session, before its reader goes on
};

struct model_ledger final : session::session_ledger {
    explicit model_ledger(model_database& in) : db{in} {}
    model_database& db;

    runtime::task<result<std::vector<session::ended>>> begin(session::ledger_entry entry, std::size_t,
                                                               std::vector<session::session_ref> in_place_of) override {
        if (db.any.fails(true)) co_return db.any.why;
        db.sessions[entry.who.session.text()] = {entry, std::nullopt};
        std::vector<session::ended> ends;
        for (const auto& who : in_place_of) {
            db.sessions.at(who.session.text()).ended = errc::session_signed_out;
            ends.push_back({who, errc::session_signed_out, 1});
        }
        co_return ends;
    }
    runtime::task<result<std::vector<session::ledger_entry>>> living(user_id) override {
        co_return std::vector<session::ledger_entry>{};
    }
    runtime::task<result<std::optional<session::ledger_state>>> find(session::session_ref who) override {
        db.most_reads_at_once = std::max(db.most_reads_at_once, ++db.reads_at_once);
        co_await runtime::sleep_for(0ms);
        --db.reads_at_once;
        if (db.any.fails(true)) co_return db.any.why;
        const auto found = db.sessions.find(who.session.text());
        if (found == db.sessions.end()) co_return std::optional<session::ledger_state>{};
        const session::ledger_state state{found->second.entry, found->second.ended, db.users.at(who.user.text()),
                                          db.clock};
        if (const auto then = std::exchange(db.after_next_read, nullptr)) then();
        co_return std::optional{state};
    }
    runtime::task<result<std::optional<session::ended>>> end(session::session_ref who, errc reason,
                                                             user::actor) override {
        if (db.any.fails(true)) co_return db.any.why;
        const auto found = db.sessions.find(who.session.text());
        if (found == db.sessions.end() || found->second.ended) co_return std::optional<session::ended>{};
        found->second.ended = reason;
        co_return std::optional{session::ended{who, reason, 1}};
    }
};

struct model_users final : user::user_store {
    explicit model_users(model_database& in) : db{in} {}
    model_database& db;

    runtime::task<result<user_facts>> find(user_id user) override {
        if (db.any.fails(true)) co_return db.any.why;
        const auto found = db.users.find(user.text());
        if (found == db.users.end()) co_return errc::not_found;
        co_return found->second;
    }
    // What a session_service never asks for.
    runtime::task<result<user::committed>> create(user::new_user, user::actor) override { co_return errc::not_found; }
    runtime::task<result<std::optional<user::credentials>>> find_credentials(std::string) override {
        co_return errc::not_found;
    }
    runtime::task<result<user::credentials>> find_credentials(user_id) override { co_return errc::not_found; }
    runtime::task<result<user::committed>> raise_epoch(user_id, user::actor) override { co_return errc::not_found; }
    runtime::task<result<user::committed>> change_password(user::password_change, user::actor) override {
        co_return errc::not_found;
    }
    runtime::task<result<user::profile>> find_profile(user_id) override { co_return errc::not_found; }
    runtime::task<result<user::profile_change>> update_profile(user_id, user::profile_patch, user::actor) override {
        co_return errc::not_found;
    }
    runtime::task<result<void>> rehash(user_id, std::string, std::string) override { co_return errc::not_found; }
};

struct session_rig {
    // `lease`: how long another node may say yes after an end that Redis was not told.
    explicit session_rig(std::chrono::milliseconds lease = stagedoor::limits::redis_trust_lease)
        : node{{}, {}, session::unheard_ends{lease}, {}, {}} {
        save(ada);
        redis.snapshots.emplace(ada.id.text(), ada);  // as the relay told it when she registered
        trust();
    }

    session::key_ring keys = [] {
        init_crypto();
        std::string complaint;
        return *session::key_ring::parse(session::key_ring::make_file_text(), complaint);
    }();
    session_cookie cookie{true, 443};
    session::timeouts limits{};
    model_session_store redis;
    model_database database;
    model_ledger ledger{database};
    model_users users{database};
    session::session_node node;
    session::session_service service{keys, cookie, limits, 100, redis, ledger, users, node};
    user_facts ada = [this] {
        user_facts facts;
        facts.id = user_id{make_uuid_v7()};
        facts.version = 1;
        facts.epoch = 1;
        return facts;
    }();

    void save(const user_facts& facts) { database.users[facts.id.text()] = facts; }
    void approve() {
        ada.status = user_status::active;
        ada.version += 1;
        save(ada);
    }
    // A day in which nothing is done for want of renewal, as far as a test can tell.
    void trust(std::chrono::steady_clock::time_point as_of = std::chrono::steady_clock::now() + 24h) {
        node.trust.grant(as_of, redis.back_since);
    }
    void distrust() { node.trust.withdraw(); }
    void redis_dies() { redis.any = {.count = faults::for_ever}; }
    void redis_refuses_writes() { redis.writes = {.count = faults::for_ever}; }
    void database_locks() { database.any = {.count = faults::for_ever, .why = errc::database_busy}; }
    void heal() {
        redis.any.heal();
        redis.writes.heal();
        database.any.heal();
    }
    void pass(std::chrono::milliseconds time) {
        redis.clock += time;
        database.clock += time;
    }

    std::string header(const session::session_cookie_value& of) const {
        return std::string{cookie.name()} + "=" + of.token;
    }
    // The Cookie field of a new session.
    std::string sign_in(const std::string& cookie_header = {}) {
        const auto signed_in = run_task(
            [&](auto) { return service.sign_in(ada, {"Firefox", "127.0.0.1"}, cookie_header); });
        return signed_in ? header(signed_in->cookie) : std::string{};
    }
    session::session_ref who(const std::string& cookie_header) const {
        const auto token = session::parse_token(std::string_view{cookie_header}.substr(cookie.name().size() + 1));
        return {token->claims.user, token->claims.session};
    }
    result<session::principal> check(const std::string& cookie_header) {
        return run_task([&](auto) { return service.authenticate(cookie_header); });
    }
    result<session::refreshed_session> refresh(const std::string& cookie_header,
                                               std::optional<std::int64_t> ack = std::nullopt) {
        return run_task([&](auto) { return service.refresh(cookie_header, ack); });
    }
    void end_in_ledger(const std::string& cookie_header, errc reason = errc::session_signed_out) {
        database.sessions.at(who(cookie_header).session.text()).ended = reason;
    }
    // A refresh that rotates, and the cookie after it.
    std::string rotate(const std::string& cookie_header) {
        const auto refreshed = refresh(cookie_header);
        return refreshed && refreshed->cookie ? header(*refreshed->cookie) : std::string{};
    }
};

}  // namespace stagedoor::tests
