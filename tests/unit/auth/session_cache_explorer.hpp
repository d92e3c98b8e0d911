// Walks the world of the session cache's model, move by move: what may happen in it, and what must never be seen.
#pragma once

#include <stdexcept>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "tests/unit/auth/session_cache_world.hpp"

namespace stagedoor::tests::cache_model {

class explorer {
public:
    explicit explorer(budget allowed) {
        world start;
        start.left = allowed;
        for (auto& each : start.of) each.room = allowed.room, each.broken = allowed.broken;
        if (allowed.looks == 0) {
            for (auto& each : start.of) each.believes_as_of = for_ever;
        }
        for (std::size_t i = 0; i < allowed.present && allowed.armed; ++i) connect(start, start.of[i]);
        visit(std::move(start));
        while (!open_.empty() && wrong_.empty()) {
            const auto next = std::move(open_.back());
            open_.pop_back();
            step(next);
        }
    }
    std::size_t states() const { return seen_.size(); }
    std::size_t answers_from_memory() const { return hits_; }
    const std::string& wrong() const { return wrong_; }

private:
    void visit(world w) {
        if (!seen_.insert(w.key()).second) return;
        if (seen_.size() > 1'000'000) throw std::length_error{"the world has no end"};
        look(w);
        open_.push_back(std::move(w));
    }

    void look(const world& w) {
        for (const auto& each : w.of) {
            auto copy = each;
            const auto told = copy.recall(w.now);
            if (!told) continue;
            ++hits_;
            if (!each.in_the_dark && *told < w.answered) wrong_ = "a change is answered, and is not in what is remembered";
            if (!each.in_the_dark && *told < w.told) wrong_ = "let in after the ledger's no";
            if (*told < w.own_answered) wrong_ = "a node does not know its own change";
            if (w.now < lease_ticks) continue;
            const auto bound = static_cast<std::size_t>(w.now - lease_ticks);
            if (*told < w.at_end_of_tick[bound]) wrong_ = "older than a lease";
            if (*told < w.told_at_end_of_tick[bound]) wrong_ = "let in a lease after the ledger's no";
        }
    }

    void step(const world& w) {
        const auto go = [&](auto&& change) {
            world next = w;
            change(next);
            visit(std::move(next));
        };
        const bool runs = !w.frozen;
        if (runs && (w.unsettled || any_output(w))) go([](world& n) { end_turn(n); });
        if (w.own_reply_due) go([](world& n) { take_own_reply(n); });
        if (w.left.writes > 0 && !w.unsettled) go([](world& n) { --n.left.writes, n.unsettled = true, write(n); });
        if (w.left.ends > 0 && w.committed == w.version) go([](world& n) { --n.left.ends, ++n.committed; });
        if (runs && w.committed > w.version && !w.unsettled) go([](world& n) { n.unsettled = true, write(n); });
        if (w.committed > w.sighted) go([](world& n) { n.sighted = n.committed, n.sighted_at = n.now; });
        if (w.sighted > w.told && w.now >= w.sighted_at + (w.left.patient ? lease_ticks : 0)) {
            go([](world& n) { n.told = n.sighted; });
        }
        if (runs && w.left.freezes > 0) go([](world& n) { --n.left.freezes, n.frozen = true; });
        if (w.frozen) go([](world& n) { n.frozen = false; });
        if (w.left.own_writes > 0 && !w.own_reply_due) go([](world& n) { write_ourselves(n); });
        if (w.left.ticks > 0) go([](world& n) { tick(n); });
        if (w.left.wipes > 0) go([](world& n) { wipe(n); });
        if (w.left.restarts > 0) go([](world& n) { restart(n); });
        for (std::size_t i = 0; i < w.left.present; ++i) {
            const auto& here = w.of[i];
            if (!here.data_open) go([i](world& n) { open_data(n, n.of[i]); });
            if (!here.listener_open) go([i](world& n) { open_listener(n, n.of[i]); });
            if (here.data_open && here.requests.size() < 2 && w.left.reads > 0) go([i](world& n) { read(n, n.of[i]); });
            if (here.look == node::looking::no && w.left.looks > 0) go([i](world& n) { begin_look(n, n.of[i]); });
            if (here.look == node::looking::begun) go([i](world& n) { look_for_lacks(n, n.of[i]); });
            if (here.look == node::looking::saw_all && runs) go([i](world& n) { n.of[i].believe(); });
            if (here.data_at_server && !here.requests.empty() && runs) go([i](world& n) { execute(n, n.of[i]); });
            if (!here.replies.empty()) go([i](world& n) { take_reply(n, n.of[i]); });
            if (here.data_closing && here.replies.empty()) go([i](world& n) { n.of[i].data_lost(), lighten(n.of[i]); });
            if (!here.socket.empty()) go([i](world& n) { n.of[i].read_all(), lighten(n.of[i]); });
            if (here.listener_open && !here.tracking.awaits_pong() && w.left.pings > 0) go([i](world& n) { ping(n, n.of[i]); });
            if (here.listener_id != 0 && !here.pings.empty() && runs) go([i](world& n) { answer_ping(n.of[i]); });
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
        w.committed = std::max(w.committed, ++w.version);
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
        for (auto& each : w.of) each.own_writes.noted = each.broken != breakage::own_write_is_not_noted;
    }
    static void tick(world& w) {
        --w.left.ticks;
        w.at_end_of_tick.push_back(w.version);
        w.told_at_end_of_tick.push_back(w.told);
        ++w.now;
    }
    // What fence_keeper does: the time is taken, then the outbox read, then Redis written to.
    static void begin_look(world& w, node& of) {
        --w.left.looks;
        of.look = node::looking::begun;
        of.look_begun = w.now;
    }
    static void look_for_lacks(const world& w, node& of) {
        const bool nothing_lacks = w.committed == w.answered;
        of.look = nothing_lacks ? node::looking::saw_all : node::looking::no;
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
        of.own_writes.apply_to(of.cache);
        remembered_session what;
        what.facts.version = got.version;
        of.keep(got.to.ticket, what);
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

    static constexpr int for_ever = 1'000;

    std::unordered_set<std::string> seen_;
    std::vector<world> open_;
    std::size_t hits_ = 0;
    std::string wrong_;
};

}  // namespace stagedoor::tests::cache_model
