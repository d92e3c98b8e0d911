// Every interleaving of a small world: commits, their relay into a stream, a snapshot and onto a channel, snapshots that
// others write ahead of it (K8), a subscription and reads on two links with delays of their own, sign-out, losses of
// either link, reconnects of the client, trimming and a wipe of the stream. In each of them the client sees every transition
// after its position exactly once and in order, no welcome tells an older snapshot than its cursor, and no socket outlives
// its session (N1, N2).
#include <algorithm>
#include <catch2/catch.hpp>
#include <iostream>
#include <stdexcept>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "notify-service/src/hub/feed.hpp"

using namespace stagedoor::notify;

namespace {

constexpr std::int64_t last_version = 3;
constexpr std::size_t read_limit = 2;     // small, so that reads are cut short
constexpr std::int64_t confirmation = 0;  // on the channel, beside the versions of letters
constexpr std::int64_t session_ended = -1;

struct faults {
    int losses = 0;
    int reconnects = 0;
    int trims = 0;
    int wipes = 0;
    int sign_outs = 0;
    int refreshes = 0;  // somebody reads the facts, and puts them as the snapshot some time later
};

// A rule that is left out, to show that the model would notice.
enum class omission {
    none,
    confirmed_first, // the stream is read before the subscription is confirmed
    snapshot_after,  // record and snapshot are read before the stream
    own_read,        // whether the session lives is remembered from before the subscription
};

struct violation : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// What must hold.
void hold(bool holds, const char* otherwise) {
    if (!holds) throw violation{otherwise};
}

struct read_on_its_way {
    stream_read request;
    int executed = 0;  // the stream is read first, then record and snapshot
    std::vector<std::int64_t> versions;
    bool session_lives = false;
    std::int64_t snapshot = 0;
};

struct world {
    faults left;
    omission left_out = omission::none;
    // the database, and facts on their way from it
    std::int64_t committed = 0;
    std::int64_t facts = 0;
    // Redis
    std::int64_t relayed = 0;
    std::int64_t snapshot = 0;
    std::vector<std::int64_t> stream;
    bool subscribed = false;
    bool session_lives = true;
    bool end_published = false;
    // on the wire to the node: confirmations and letters; reads
    std::vector<std::int64_t> channel;
    std::vector<read_on_its_way> reads;
    // the node
    feed socket;
    bool closed = false;
    // the client
    bool knows_position = false;
    bool welcomed = false;
    std::int64_t position = 0;
    bool position_told_lost = false;

    std::string key() const {
        std::string k;
        const auto add = [&](auto n) { k.append(std::to_string(n)).append(","); };
        add(left.losses), add(left.reconnects), add(left.trims), add(left.wipes), add(left.sign_outs), add(left.refreshes);
        add(committed), add(facts), add(snapshot);
        add(relayed), add(subscribed), add(session_lives), add(end_published), add(closed);
        add(knows_position), add(welcomed), add(position), add(position_told_lost);
        for (auto v : stream) add(v);
        k.append("c");
        for (auto v : channel) add(v);
        for (const auto& r : reads) {
            k.append("r"), add(r.request.ticket), add(r.request.from.value_or(-1)), add(r.executed);
            add(r.session_lives), add(r.snapshot);
            for (auto v : r.versions) add(v);
        }
        // All of the feed, also what is not to be seen from outside.
        k.append("f").append(reinterpret_cast<const char*>(&socket), sizeof socket);
        return k;
    }
};

class explorer {
public:
    explicit explorer(faults budget, omission left_out = omission::none) {
        world start;
        start.left = budget;
        start.left_out = left_out;
        visit(std::move(start));
        while (!open_.empty()) {
            auto next = std::move(open_.back());
            open_.pop_back();
            step(next);
        }
    }
    std::size_t states() const { return seen_.size(); }
    std::size_t ends() const { return ends_; }

private:
    void visit(world w) {
        if (!seen_.insert(w.key()).second) return;
        if (seen_.size() > 3'000'000) throw std::length_error{"the world has no end: something loops"};
        open_.push_back(std::move(w));
    }

    void step(const world& w) {
        bool settled = true;
        const auto go = [&](auto&& change) {
            world next = w;
            change(next);
            visit(std::move(next));
        };
        // What happens by itself, in the end, without any fault.
        const auto must = [&](auto&& change) {
            settled = false;
            go(change);
        };
        if (w.committed < last_version) must([&](world& n) { ++n.committed; });
        if (w.facts > 0) must([&](world& n) { n.snapshot = std::max(n.snapshot, std::exchange(n.facts, 0)); });
        if (w.relayed < w.committed) must([&](world& n) { relay(n); });
        if (!w.session_lives && !w.end_published) must([&](world& n) { publish_end(n); });
        if (!w.subscribed) must([&](world& n) { subscribe(n); });
        if (!w.channel.empty()) must([&](world& n) { deliver_letter(n); });
        if (auto at = first_unexecuted(w); at < w.reads.size()) must([&](world& n) { execute(n, at); });
        if (!w.reads.empty() && w.reads.front().executed == 2) must([&](world& n) { deliver_read(n); });
        if (settled) check_end(w);

        if (w.left.losses > 0) go([&](world& n) { lose_link(n); });
        if (w.left.losses > 0 && !w.reads.empty()) go([&](world& n) { lose_reads(n); });
        if (w.left.refreshes > 0 && w.facts == 0 && w.committed > 0) {
            go([&](world& n) { --n.left.refreshes, n.facts = n.committed; });
        }
        if (w.left.reconnects > 0 && w.welcomed) go([&](world& n) { reconnect(n); });
        if (w.left.trims > 0 && !w.stream.empty()) go([&](world& n) { trim(n); });
        if (w.left.wipes > 0 && !w.stream.empty()) go([&](world& n) { wipe(n); });
        if (w.left.sign_outs > 0) go([&](world& n) { sign_out(n); });
    }

    static void relay(world& w) {
        w.stream.push_back(++w.relayed);
        w.snapshot = std::max(w.snapshot, w.relayed);
        if (w.subscribed) w.channel.push_back(w.relayed);
    }
    static void publish_end(world& w) {
        w.end_published = true;
        if (w.subscribed) w.channel.push_back(session_ended);
    }
    static void subscribe(world& w) {
        if (w.left_out == omission::confirmed_first && w.socket.state() == feed_state::born) {
            w.socket.on_confirmed();
            start_read(w);
            return;
        }
        w.subscribed = true;
        w.channel.push_back(confirmation);
    }
    static std::size_t first_unexecuted(const world& w) {
        std::size_t i = 0;
        while (i < w.reads.size() && w.reads[i].executed == 2) ++i;
        return i;
    }
    static void execute(world& w, std::size_t at) {
        auto& read = w.reads[at];
        const int facts_at = w.left_out == omission::snapshot_after ? 1 : 2;
        if (++read.executed == facts_at) {
            if (w.left_out != omission::own_read) read.session_lives = w.session_lives;
            read.snapshot = w.snapshot;
            return;
        }
        if (!read.request.from) {
            if (!w.stream.empty()) read.versions.push_back(w.stream.back());
            return;
        }
        for (auto v : w.stream) {
            if (v >= *read.request.from && read.versions.size() < read_limit) read.versions.push_back(v);
        }
    }
    static void start_read(world& w) { w.reads.push_back({w.socket.pending(), 0, {}, w.left_out == omission::own_read, 0}); }

    static void deliver_letter(world& w) {
        const auto version = w.channel.front();
        w.channel.erase(w.channel.begin());
        if (version == session_ended) w.closed = true;
        if (w.closed) return;
        if (version == confirmation) {
            w.socket.on_confirmed();
            start_read(w);
            return;
        }
        switch (w.socket.on_letter(version)) {
            case letter_action::write:
                see_event(w, version);
                break;
            case letter_action::read:
                start_read(w);
                break;
            case letter_action::ignore:
                break;
        }
    }
    static void deliver_read(world& w) {
        const auto read = w.reads.front();
        w.reads.erase(w.reads.begin());
        const bool full = read.request.from && read.versions.size() == read_limit;
        const auto plan = w.socket.on_read(read.request.ticket, read.versions, full);
        if (w.closed || !plan) return;
        if (!read.session_lives) {
            w.closed = true;
            return;
        }
        if (plan->welcome) {
            hold(read.snapshot >= plan->welcome->at, "a welcome with a snapshot from before its cursor");
            see_welcome(w, *plan->welcome);
        }
        for (auto i = plan->first; i < plan->last; ++i) see_event(w, read.versions[i]);
        if (plan->read_again) start_read(w);
    }

    static void see_welcome(world& w, const replay::greeting& greeting) {
        if (greeting.resumed) {
            hold(w.knows_position && greeting.at == w.position, "resumed elsewhere than the client was");
        } else if (w.knows_position) {
            w.position_told_lost = true;
        }
        w.position = greeting.at;
        w.knows_position = w.welcomed = true;
    }
    static void see_event(world& w, std::int64_t version) {
        hold(w.welcomed, "an event before the welcome");
        hold(version == w.position + 1, "an event twice, or one left out");
        w.position = version;
    }

    static void trim(world& w) {
        --w.left.trims;
        w.stream.erase(w.stream.begin());
    }
    static void wipe(world& w) {
        --w.left.wipes;
        w.stream.clear();
    }
    static void sign_out(world& w) {
        --w.left.sign_outs;
        w.session_lives = false;
    }
    static void lose_link(world& w) {
        --w.left.losses;
        w.subscribed = false;
        w.channel.clear();
        w.socket.on_link_lost();
    }
    // The link that reads go by; a node has both or neither.
    static void lose_reads(world& w) {
        w.reads.clear();
        lose_link(w);
    }
    static void reconnect(world& w) {
        --w.left.reconnects;
        w.subscribed = w.welcomed = w.closed = false;
        w.channel.clear();
        w.reads.clear();
        w.socket = feed{w.position};
    }

    void check_end(const world& w) {
        ++ends_;
        hold(w.closed == !w.session_lives, "a socket that outlives its session, or was closed for nothing");
        if (w.closed) return;
        hold(w.socket.state() == feed_state::live, "a feed that never goes live");
        hold(w.socket.sent() == w.position, "a client elsewhere than its feed");
        const bool stream_whole = !w.stream.empty() && w.stream.back() == last_version;
        if (stream_whole) hold(w.position == last_version, "a transition that is never told");
        if (w.stream.size() == last_version) hold(!w.position_told_lost, "a position called lost that was not");
    }

    std::unordered_set<std::string> seen_;
    std::vector<world> open_;
    std::size_t ends_ = 0;
};

}  // namespace

TEST_CASE("each transition is seen exactly once and in order, in every interleaving", "[feed][model]") {
    const auto budget = GENERATE(faults{}, faults{.losses = 2}, faults{.reconnects = 2},
                                 faults{.losses = 1, .reconnects = 1, .sign_outs = 1}, faults{.losses = 1, .trims = 2},
                                 faults{.reconnects = 1, .trims = 1, .sign_outs = 1},
                                 faults{.losses = 1, .reconnects = 1, .wipes = 1}, faults{.losses = 2, .sign_outs = 1},
                                 faults{.losses = 1, .sign_outs = 1, .refreshes = 1},
                                 faults{.reconnects = 1, .refreshes = 2});
    const explorer world{budget};
    std::cout << "feed: " << world.states() << " states, " << world.ends() << " of them at rest\n";
    CHECK(world.states() > 100);  // it went somewhere
    CHECK(world.ends() > 0);
}

TEST_CASE("the model of the feed notices each rule that is left out", "[feed][model]") {
    CHECK_THROWS_AS((explorer{{}, omission::confirmed_first}), violation);
    CHECK_THROWS_AS((explorer{{}, omission::snapshot_after}), violation);
    CHECK_THROWS_AS((explorer{{.sign_outs = 1}, omission::own_read}), violation);
}
