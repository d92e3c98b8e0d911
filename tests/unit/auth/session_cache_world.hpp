// What the model of the session cache is made of: two nodes with their connections, and the Redis that tracks what they have read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth-service/src/session/recall.hpp"
#include "common/redis/tracking_state.hpp"

namespace stagedoor::tests::cache_model {

using namespace session;
using redis::tracking_state;

inline constexpr std::size_t nodes = 2;
inline constexpr int lease_ticks = 2;
inline constexpr int wiped = -1;

inline tracking_state::time_point at(int tick) {
    return tracking_state::time_point{} + std::chrono::hours{1} + tick * (limits::cache_lease / lease_ticks);
}

inline const session_ref the_session{user_id{{1}}, session_id{{2}}};

// A rule that is left out, to show that the model would notice.
enum class breakage : std::uint8_t {
    none,
    late_reply_is_kept,        // C2: a reply counts, though news of a change came before it
    data_loss_is_forgotten,    // C2: what was remembered outlives its data connection,
    listener_loss_is_forgotten,  // or the one on which news come
    lease_never_ends,          // C3: a node that hears nothing goes on answering
    news_are_not_read,         // C4: what lies in the socket is not looked at before an answer
    full_socket_is_trusted,    // C4: that more may be waiting behind it is not doubted
    own_write_is_not_noted,    // C4: a node goes on remembering what it has changed itself
    redis_is_always_believed,  // K10: though nobody has looked for a while whether it lacks anything
};

struct budget {
    int writes = 0;      // by another process, which settles them before it answers
    int own_writes = 0;  // by the process of both nodes, as two shards
    int reads = 0;
    int ticks = 0;
    int closings = 0;   // of any connection
    int half_opens = 0;  // the server has closed it, the node is not told
    int restarts = 0;
    int wipes = 0;
    int forgotten = 0;
    int pings = 0;
    int ends = 0;     // changes that another process commits first, and relays when Redis lets it
    int freezes = 0;  // Redis stands still, for any time
    int looks = 0;    // of a node at whether Redis lacks anything, by which it goes on believing it (R6)
    std::size_t present = nodes;  // nodes that take part
    std::size_t room = 2;         // of a listener's socket, in messages
    bool armed = true;            // begins when everything is connected and agreed
    bool patient = true;          // what the ledger says is told when it is final (unheard_ends)
    breakage broken = breakage::none;
};

struct request {
    bool arms = false;
    session_cache::ticket ticket = 0;
    tracking_state::arming arming;
    int sent = 0;
};
struct reply {
    request to;
    int version = 0;
    bool accepted = false;
};
struct message {
    enum class kind : std::uint8_t { changed, all_changed, pong, closed } what;
    std::uint64_t nonce = 0;
};

// As own_writes::inbox, of one session.
struct own_write_inbox {
    bool noted = false;
    void apply_to(session_cache& cache) {
        if (std::exchange(noted, false)) cache.evict(the_session);
    }
};

struct node {
    breakage broken = breakage::none;
    tracking_state tracking;
    session_cache cache{64 * 1024};
    own_write_inbox own_writes;
    bool data_open = false, listener_open = false;  // as the node knows
    int data_answered = -100;
    std::uint64_t last_ping = 0;
    // the data connection
    bool data_at_server = false, data_closing = false;
    std::vector<request> requests;
    std::vector<reply> replies;
    // the listener
    std::int64_t listener_id = 0;  // 0: the server has none of this node
    std::vector<std::uint64_t> pings;
    std::size_t room = 2;
    std::vector<message> output;  // in Redis, for want of a turn or of room
    std::vector<message> socket;  // readable
    // at the server
    bool tracks = false, tracked = false;
    std::int64_t redirect = 0;
    bool in_the_dark = false;  // something is lost that the node does not know of
    // whether it believes Redis at all (redis_trust)
    int believes_as_of = 0;
    enum class looking : std::uint8_t { no, begun, saw_all } look = looking::no;
    int look_begun = 0;

    bool believes(int now) const { return now < believes_as_of + lease_ticks; }
    void believe() {
        believes_as_of = look_begun;
        look = looking::no;
    }

    void drop_all() { cache.clear(); }
    void data_lost() {
        data_open = data_closing = false;
        requests.clear(), replies.clear();
        tracking.data_closed();
        if (broken != breakage::data_loss_is_forgotten) drop_all();
    }
    void listener_lost() {
        listener_open = false;
        socket.clear(), pings.clear();
        tracking.listener_closed();
        if (broken != breakage::listener_loss_is_forgotten) drop_all();
    }
    void read_one() {
        const auto news = socket.front();
        socket.erase(socket.begin());
        switch (news.what) {
            case message::kind::changed: return cache.evict(the_session);
            case message::kind::all_changed: return drop_all();
            case message::kind::pong: return tracking.pong(news.nonce);
            case message::kind::closed: return listener_lost();
        }
    }
    // What the tracker does, of itself or when it is asked.
    void read_all() {
        const bool full = socket.size() >= room;
        while (!socket.empty()) read_one();
        if (full && broken != breakage::full_socket_is_trusted) tracking.doubt();
    }
    bool may_answer(int now) const {
        if (broken == breakage::lease_never_ends) return data_open && listener_open && tracking.keeps();
        return data_open && listener_open && tracking.answers(at(now), at(data_answered));
    }
    void keep(session_cache::ticket ticket, const remembered_session& what) {
        const bool anyhow = broken == breakage::late_reply_is_kept && ticket != 0;
        cache.keep(the_session, anyhow ? cache.expect(the_session) : ticket, what);
    }
    // The version that it answers with: by the product's own steps.
    std::optional<int> recall(int now) {
        const auto catch_up = [this] {
            if (broken != breakage::news_are_not_read) read_all();
        };
        const auto may = [&] {
            const bool believed = believes(now) || broken == breakage::redis_is_always_believed;
            return believed && redis::answers_when_caught_up([&] { return may_answer(now); }, catch_up);
        };
        const auto* const found = session::recall(cache, the_session, may, own_writes);
        if (!found) return std::nullopt;
        return static_cast<int>(found->facts.version);
    }
};

struct world {
    budget left;
    int now = 0;
    int version = 0;
    std::vector<int> at_end_of_tick;
    int run = 1;
    std::int64_t ids = 0;
    bool unsettled = false;  // written, and the turn of Redis' loop not over
    int answered = 0;        // the newest version whose writer knows that it settled
    bool own_reply_due = false;
    int own_version = 0, own_answered = 0;
    bool frozen = false;
    int committed = 0;          // in the ledger
    int sighted = 0;            // the newest version that somebody without a cache has read there,
    int sighted_at = 0;         // first
    int told = 0;               // and told
    std::vector<int> told_at_end_of_tick;
    node of[nodes];

    std::string key() const;
};

void add(std::string& key, auto number) { key.append(std::to_string(number)).push_back(','); }

std::string world::key() const {
    std::string k;
    for (const int each : {left.writes, left.own_writes, left.reads, left.ticks, left.closings, left.half_opens,
                           left.restarts, left.wipes, left.forgotten, left.pings, now, version, run, answered, own_version,
                           own_answered}) {
        add(k, each);
    }
    add(k, ids), add(k, unsettled), add(k, own_reply_due);
    for (const int each : at_end_of_tick) add(k, each);
    for (const int each : told_at_end_of_tick) add(k, each);
    for (const int each : {left.ends, left.freezes, left.looks, committed, sighted, told}) add(k, each);
    add(k, frozen), add(k, sighted > told ? std::max(sighted_at, now - lease_ticks) : -9);
    for (const auto& n : of) {
        k.append("|");
        add(k, static_cast<int>(n.tracking.state()));
        for (int age = 0; age < lease_ticks; ++age) add(k, n.tracking.answers(at(now + age), at(now + age)));
        auto cache = n.cache;
        const auto* const entry = cache.find(the_session);
        add(k, entry ? entry->facts.version : -9), add(k, n.own_writes.noted);
        add(k, n.data_open), add(k, n.listener_open), add(k, std::max(n.data_answered, now - lease_ticks));
        add(k, n.data_at_server), add(k, n.data_closing), add(k, n.listener_id), add(k, n.tracks), add(k, n.tracked);
        add(k, n.redirect), add(k, n.in_the_dark), add(k, n.tracking.awaits_pong());
        add(k, std::max(n.believes_as_of, now - lease_ticks)), add(k, static_cast<int>(n.look));
        if (n.look != node::looking::no) add(k, std::max(n.look_begun, now - lease_ticks));
        const auto add_request = [&](const request& each) {
            add(k, each.arms), add(k, each.arming.listener), add(k, each.sent);
            auto copy = n.cache;
            copy.keep(the_session, each.ticket, {});
            add(k, each.ticket != 0 && !entry && copy.find(the_session) != nullptr);
            auto tracking = n.tracking;
            if (each.arms) tracking.answered(each.arming.attempt, true), add(k, static_cast<int>(tracking.state()));
        };
        for (const auto& each : n.requests) add_request(each);
        k.append("r");
        for (const auto& each : n.replies) add_request(each.to), add(k, each.version), add(k, each.accepted);
        const auto add_pong = [&](std::uint64_t nonce) { add(k, n.tracking.awaits_pong() && nonce == n.last_ping); };
        k.append("p");
        for (const auto nonce : n.pings) add_pong(nonce);
        for (const auto* const place : {&n.output, &n.socket}) {
            k.append("o");
            for (const auto& each : *place) add(k, static_cast<int>(each.what)), add_pong(each.nonce);
        }
    }
    return k;
}

}  // namespace stagedoor::tests::cache_model
