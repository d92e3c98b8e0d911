// Every interleaving of a small world: one session that changes, a Redis that tracks who has read it, and two nodes, each
// with a data connection, a listener and the cache and the tracking state that the service runs. Replies and news of
// changes overtake each other; connections are closed, or go half open so that a node is not told; Redis is wiped, started
// again, or forgets what was read for want of room; the listener's socket gets full. In each of them (C1 to C4)
//   - a change whose writer was answered is in every answer from memory, unless a connection that the answer stands on is
//     lost and the node does not know it yet,
//   - and even then no answer is older than the lease.
#include <catch2/catch.hpp>
#include <string>
#include <unordered_set>
#include <vector>

#include "auth-service/src/session/session_cache.hpp"
#include "common/redis/tracking_state.hpp"

using namespace stagedoor;
using namespace stagedoor::session;
using redis::tracking_state;

namespace {

constexpr std::size_t nodes = 2;
constexpr int lease_ticks = 2;
constexpr int wiped = -1;

tracking_state::time_point at(int tick) {
    return tracking_state::time_point{} + std::chrono::hours{1} + tick * (limits::cache_lease / lease_ticks);
}

const session_ref the_session{user_id{{1}}, session_id{{2}}};

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
    std::size_t present = nodes;  // nodes that take part
    std::size_t room = 2;         // of a listener's socket, in messages
    bool armed = true;            // begins when everything is connected and agreed
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

struct node {
    tracking_state tracking;
    session_cache cache{64 * 1024};
    bool own_write_noted = false;
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

    void drop_all() { cache.clear(); }
    void data_lost() {
        data_open = data_closing = false;
        requests.clear(), replies.clear();
        tracking.data_closed();
        drop_all();
    }
    void listener_lost() {
        listener_open = false;
        socket.clear(), pings.clear();
        tracking.listener_closed();
        drop_all();
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
        if (full) tracking.doubt();
    }
    bool may_answer(int now) const {
        return data_open && listener_open && tracking.answers(at(now), at(data_answered));
    }
    // What redis_session_cache::recall does. The version that it answers with.
    std::optional<int> recall(int now) {
        if (!cache.find(the_session) || !may_answer(now)) return std::nullopt;
        read_all();
        if (!may_answer(now)) return std::nullopt;
        if (own_write_noted) cache.evict(the_session);
        const auto* const found = cache.find(the_session);
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
    for (const auto& n : of) {
        k.append("|");
        add(k, static_cast<int>(n.tracking.state()));
        for (int age = 0; age < lease_ticks; ++age) add(k, n.tracking.answers(at(now + age), at(now + age)));
        auto cache = n.cache;
        const auto* const entry = cache.find(the_session);
        add(k, entry ? entry->facts.version : -9), add(k, n.own_write_noted);
        add(k, n.data_open), add(k, n.listener_open), add(k, std::max(n.data_answered, now - lease_ticks));
        add(k, n.data_at_server), add(k, n.data_closing), add(k, n.listener_id), add(k, n.tracks), add(k, n.tracked);
        add(k, n.redirect), add(k, n.in_the_dark), add(k, n.tracking.awaits_pong());
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

class explorer {
public:
    explicit explorer(budget allowed) {
        world start;
        start.left = allowed;
        for (auto& each : start.of) each.room = allowed.room;
        for (std::size_t i = 0; i < allowed.present && allowed.armed; ++i) connect(start, start.of[i]);
        visit(std::move(start));
        while (!open_.empty()) {
            const auto next = std::move(open_.back());
            open_.pop_back();
            step(next);
        }
    }
    std::size_t states() const { return seen_.size(); }
    std::size_t answers_from_memory() const { return hits_; }

private:
    void visit(world w) {
        if (!seen_.insert(w.key()).second) return;
        if (seen_.size() > 1'000'000) FAIL("the world has no end");
        look(w);
        open_.push_back(std::move(w));
    }

    void look(const world& w) {
        for (const auto& each : w.of) {
            auto copy = each;
            const auto told = copy.recall(w.now);
            if (!told) continue;
            ++hits_;
            if (!each.in_the_dark) REQUIRE(*told >= w.answered);
            REQUIRE(*told >= w.own_answered);
            const auto bound = w.now - lease_ticks;
            if (bound >= 0) REQUIRE(*told >= w.at_end_of_tick[static_cast<std::size_t>(bound)]);
        }
    }

    void step(const world& w) {
        const auto go = [&](auto&& change) {
            world next = w;
            change(next);
            visit(std::move(next));
        };
        if (w.unsettled || any_output(w)) go([](world& n) { end_turn(n); });
        if (w.own_reply_due) go([](world& n) { take_own_reply(n); });
        if (w.left.writes > 0 && !w.unsettled) go([](world& n) { --n.left.writes, n.unsettled = true, write(n); });
        if (w.left.own_writes > 0 && !w.own_reply_due) go([](world& n) { write_ourselves(n); });
        if (w.left.ticks > 0) go([](world& n) { tick(n); });
        if (w.left.wipes > 0) go([](world& n) { wipe(n); });
        if (w.left.restarts > 0) go([](world& n) { restart(n); });
        for (std::size_t i = 0; i < w.left.present; ++i) {
            const auto& here = w.of[i];
            if (!here.data_open) go([i](world& n) { open_data(n, n.of[i]); });
            if (!here.listener_open) go([i](world& n) { open_listener(n, n.of[i]); });
            if (here.data_open && here.requests.size() < 2 && w.left.reads > 0) go([i](world& n) { read(n, n.of[i]); });
            if (here.data_at_server && !here.requests.empty()) go([i](world& n) { execute(n, n.of[i]); });
            if (!here.replies.empty()) go([i](world& n) { take_reply(n, n.of[i]); });
            if (here.data_closing && here.replies.empty()) go([i](world& n) { n.of[i].data_lost(), lighten(n.of[i]); });
            if (!here.socket.empty()) go([i](world& n) { n.of[i].read_all(), lighten(n.of[i]); });
            if (here.listener_open && !here.tracking.awaits_pong() && w.left.pings > 0) go([i](world& n) { ping(n, n.of[i]); });
            if (here.listener_id != 0 && !here.pings.empty()) go([i](world& n) { answer_ping(n.of[i]); });
            if (here.tracked && w.left.forgotten > 0) go([i](world& n) { --n.left.forgotten, tell_change(n, n.of[i]); });
            if (here.data_at_server && w.left.closings > 0) go([i](world& n) { --n.left.closings, close_data(n.of[i], true); });
            if (here.listener_id != 0 && w.left.closings > 0) go([i](world& n) { --n.left.closings, close_listener(n.of[i], true); });
            if (here.data_at_server && w.left.half_opens > 0) go([i](world& n) { --n.left.half_opens, close_data(n.of[i], false); });
            if (here.listener_id != 0 && w.left.half_opens > 0) go([i](world& n) { --n.left.half_opens, close_listener(n.of[i], false); });
            // A node gives up a connection by itself too, when nothing is answered.
            if (here.in_the_dark && here.listener_open && here.listener_id == 0) go([i](world& n) { n.of[i].listener_lost(), lighten(n.of[i]); });
            if (here.in_the_dark && here.data_open && !here.data_at_server) go([i](world& n) { n.of[i].data_lost(), lighten(n.of[i]); });
        }
    }

    static bool any_output(const world& w) {
        for (const auto& each : w.of) {
            if (!each.output.empty() && each.socket.size() < each.room) return true;
        }
        return false;
    }
    // Redis' loop: what was produced is written to the sockets, as far as there is room, before more is read.
    static void end_turn(world& w) {
        for (auto& each : w.of) {
            while (!each.output.empty() && each.socket.size() < each.room) {
                each.socket.push_back(each.output.front());
                each.output.erase(each.output.begin());
            }
        }
        if (std::exchange(w.unsettled, false)) w.answered = w.version;
    }
    static void tell(world& w, std::int64_t client, message what) {
        for (auto& each : w.of) {
            if (client != 0 && each.listener_id == client) each.output.push_back(what);
        }
    }
    static void tell_change(world& w, node& of) {
        of.tracked = false;
        tell(w, of.redirect, {message::kind::changed});
    }
    static void write(world& w) {
        ++w.version;
        for (auto& each : w.of) {
            if (each.tracked) tell_change(w, each);
        }
    }
    static void write_ourselves(world& w) {
        --w.left.own_writes;
        w.own_reply_due = true;
        write(w);
        w.own_version = w.version;
    }
    static void take_own_reply(world& w) {
        w.own_reply_due = false;
        w.own_answered = w.own_version;
        for (auto& each : w.of) each.own_write_noted = true;
    }
    static void tick(world& w) {
        --w.left.ticks;
        w.at_end_of_tick.push_back(w.version);
        ++w.now;
    }
    static void wipe(world& w) {
        --w.left.wipes;
        for (auto& each : w.of) {
            each.tracked = false;
            if (each.tracks) tell(w, each.redirect, {message::kind::all_changed});
        }
    }
    static void close_data(node& of, bool told) {
        of.data_at_server = of.tracks = of.tracked = false;
        of.in_the_dark = true;
        of.data_closing = told;
        if (!told) of.replies.clear();
        of.requests.clear();
    }
    static void close_listener(node& of, bool told) {
        of.listener_id = 0;
        of.output.clear();
        of.pings.clear();
        of.in_the_dark = of.in_the_dark || !told;  // what closes in order is read in order
        if (told) of.socket.push_back({message::kind::closed});
        if (!told) of.socket.clear();
    }
    static void restart(world& w) {
        --w.left.restarts;
        ++w.run;
        w.ids = 0;
        for (auto& each : w.of) {
            if (each.data_at_server) close_data(each, true);
            if (each.listener_id != 0) close_listener(each, true);
        }
    }
    // The node knows what is lost when the connections that it knows are the server's.
    static void lighten(node& of) {
        of.in_the_dark = of.data_open != of.data_at_server || (of.listener_open && of.listener_id == 0 && of.socket.empty());
    }
    static void arm(world& w, node& of) {
        if (const auto due = of.tracking.begin_arming()) of.requests.push_back({true, 0, *due, w.now});
    }
    static void open_data(world& w, node& of) {
        of.data_open = of.data_at_server = true;
        of.data_answered = w.now;  // the greeting
        of.tracking.data_opened(std::to_string(w.run));
        lighten(of);
        arm(w, of);
    }
    static void open_listener(world& w, node& of) {
        of.listener_open = true;
        of.listener_id = ++w.ids;
        of.tracking.listener_opened(of.listener_id, std::to_string(w.run));
        lighten(of);
        arm(w, of);
    }
    static void connect(world& w, node& of) {
        open_data(w, of), open_listener(w, of), execute(w, of), take_reply(w, of);
        of.last_ping = of.tracking.ping_sent(at(w.now));
        of.tracking.pong(of.last_ping);
    }
    static void read(world& w, node& of) {
        --w.left.reads;
        const auto ticket = of.tracking.keeps() && of.listener_open ? of.cache.expect(the_session) : 0;
        of.requests.push_back({false, ticket, {}, w.now});
    }
    static void execute(world& w, node& of) {
        const auto next = of.requests.front();
        of.requests.erase(of.requests.begin());
        bool accepted = false;
        if (next.arms) {
            for (const auto& each : w.of) accepted = accepted || each.listener_id == next.arming.listener;
            if (accepted) of.tracks = true, of.redirect = next.arming.listener;
        } else if (of.tracks) {
            of.tracked = true;
        }
        of.replies.push_back({next, w.version, accepted});
    }
    static void take_reply(world&, node& of) {
        const auto got = of.replies.front();
        of.replies.erase(of.replies.begin());
        of.data_answered = got.to.sent;
        if (got.to.arms) {
            const bool fine = of.tracking.answered(got.to.arming.attempt, got.accepted);
            if (!fine) of.drop_all();
            return;
        }
        if (std::exchange(of.own_write_noted, false)) of.cache.evict(the_session);
        remembered_session what;
        what.facts.version = got.version;
        of.cache.keep(the_session, got.to.ticket, what);
    }
    static void ping(world& w, node& of) {
        --w.left.pings;
        of.last_ping = of.tracking.ping_sent(at(w.now));
        of.pings.push_back(of.last_ping);
    }
    static void answer_ping(node& of) {
        of.output.push_back({message::kind::pong, of.pings.front()});
        of.pings.erase(of.pings.begin());
    }

    std::unordered_set<std::string> seen_;
    std::vector<world> open_;
    std::size_t hits_ = 0;
};

}  // namespace

TEST_CASE("no answer from memory misses a settled change, and none is older than the lease", "[cache][model]") {
    const auto allowed = GENERATE(
        budget{.writes = 2, .reads = 3, .forgotten = 1},
        budget{.writes = 1, .reads = 2, .pings = 1, .present = 1, .armed = false},
        budget{.writes = 2, .reads = 2, .wipes = 1, .pings = 1},
        budget{.writes = 1, .reads = 1, .ticks = 3, .half_opens = 1, .pings = 2, .present = 1},
        budget{.writes = 1, .reads = 2, .ticks = 2, .half_opens = 1, .pings = 1, .present = 1},
        budget{.writes = 1, .reads = 2, .closings = 1, .pings = 1},
        budget{.writes = 1, .reads = 2, .closings = 1, .half_opens = 1, .pings = 1, .present = 1},
        budget{.writes = 1, .reads = 2, .restarts = 1, .pings = 1, .present = 1},
        budget{.writes = 2, .reads = 3, .pings = 2, .present = 1, .room = 1},
        budget{.writes = 1, .own_writes = 2, .reads = 3});
    const explorer seen{allowed};
    CHECK(seen.answers_from_memory() > 0);
    INFO(seen.states() << " states");
}
