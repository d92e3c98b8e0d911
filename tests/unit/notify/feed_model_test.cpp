// Every interleaving of a small world: commits, their relay into a stream, a snapshot and onto a channel, snapshots that
// others write ahead of it (K8), a subscription and reads on two links with delays of their own, sign-out, losses of
// either link, reconnects of the client, trimming and a wipe of the stream. In each of them the client sees every transition
// after its position exactly once and in order, no welcome tells an older snapshot than its cursor, and no socket outlives
// its session (N1, N2).
#include "notify-service/src/hub/feed.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/model_checks.hpp"

using namespace stagedoor;
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

struct read_on_its_way {
    stream_read request;
    int executed = 0;  // the stream is read first, then record and snapshot
    std::vector<std::int64_t> versions;
    bool session_lives = false;
    std::int64_t snapshot = 0;
};

class world {
public:
    explicit world(faults budget, omission without = omission::none) : left{budget}, left_out{without} {}

    std::string key() const {
        std::string k;
        const auto add = [&](auto n) { k.append(std::to_string(n)).append(","); };
        add(left.losses), add(left.reconnects), add(left.trims), add(left.wipes), add(left.sign_outs), add(left.refreshes);
        add(committed), add(facts), add(snapshot);
        add(relayed), add(subscribed), add(session_lives), add(end_published), add(closed);
        add(knows_position), add(welcomed), add(position), add(position_told_lost), add(broken != nullptr);
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
    void moves(const model::visitor<world>& visit) const {
        const auto go = [&](const char* what, auto change) {
            world next = *this;
            next.last = what;
            change(next);
            visit(std::move(next));
        };
        // What happens by itself, in the end, without any fault.
        if (committed < last_version) go("commit", [](world& n) { ++n.committed; });
        if (facts > 0) go("put facts", [](world& n) { n.snapshot = std::max(n.snapshot, std::exchange(n.facts, 0)); });
        if (relayed < committed) go("relay", [](world& n) { n.relay(); });
        if (!session_lives && !end_published) go("publish end", [](world& n) { n.publish_end(); });
        if (!subscribed) go("subscribe", [](world& n) { n.subscribe(); });
        if (!channel.empty()) go("letter", [](world& n) { n.deliver_letter(); });
        if (const auto at = first_unexecuted(); at < reads.size()) go("execute", [at](world& n) { n.execute(at); });
        if (!reads.empty() && reads.front().executed == 2) go("read", [](world& n) { n.deliver_read(); });

        if (left.losses > 0) go("lose link", [](world& n) { n.lose_link(); });
        if (left.losses > 0 && !reads.empty()) go("lose reads", [](world& n) { n.lose_reads(); });
        if (left.refreshes > 0 && facts == 0 && committed > 0) {
            go("refresh", [](world& n) { --n.left.refreshes, n.facts = n.committed; });
        }
        if (left.reconnects > 0 && welcomed) go("reconnect", [](world& n) { n.reconnect(); });
        if (left.trims > 0 && !stream.empty()) go("trim", [](world& n) { n.trim(); });
        if (left.wipes > 0 && !stream.empty()) go("wipe", [](world& n) { n.wipe(); });
        if (left.sign_outs > 0) go("sign out", [](world& n) { n.sign_out(); });
    }
    const char* last_move() const { return last; }

    // Nothing more happens by itself.
    bool settled() const {
        return committed == last_version && facts == 0 && relayed == committed && (session_lives || end_published) &&
               subscribed && channel.empty() && reads.empty();
    }
    std::optional<std::string> wrong() const {
        auto end = *this;
        if (settled()) end.check_end();
        if (!end.broken) return std::nullopt;
        return std::string{end.broken} + ":";
    }

private:
    void hold(bool holds, const char* otherwise) {
        if (!holds && !broken) broken = otherwise;
    }

    void relay() {
        stream.push_back(++relayed);
        snapshot = std::max(snapshot, relayed);
        if (subscribed) channel.push_back(relayed);
    }
    void publish_end() {
        end_published = true;
        if (subscribed) channel.push_back(session_ended);
    }
    void subscribe() {
        if (left_out == omission::confirmed_first && socket.state() == feed_state::born) {
            socket.on_confirmed();
            start_read();
            return;
        }
        subscribed = true;
        channel.push_back(confirmation);
    }
    std::size_t first_unexecuted() const {
        std::size_t i = 0;
        while (i < reads.size() && reads[i].executed == 2) ++i;
        return i;
    }
    void execute(std::size_t at) {
        auto& read = reads[at];
        const int facts_at = left_out == omission::snapshot_after ? 1 : 2;
        if (++read.executed == facts_at) {
            if (left_out != omission::own_read) read.session_lives = session_lives;
            read.snapshot = snapshot;
            return;
        }
        if (!read.request.from) {
            if (!stream.empty()) read.versions.push_back(stream.back());
            return;
        }
        for (auto v : stream) {
            if (v >= *read.request.from && read.versions.size() < read_limit) read.versions.push_back(v);
        }
    }
    void start_read() { reads.push_back({socket.pending(), 0, {}, left_out == omission::own_read, 0}); }

    void deliver_letter() {
        const auto version = channel.front();
        channel.erase(channel.begin());
        if (version == session_ended) closed = true;
        if (closed) return;
        if (version == confirmation) {
            socket.on_confirmed();
            start_read();
            return;
        }
        switch (socket.on_letter(version)) {
            case letter_action::write:
                see_event(version);
                break;
            case letter_action::read:
                start_read();
                break;
            case letter_action::ignore:
                break;
        }
    }
    void deliver_read() {
        const auto read = reads.front();
        reads.erase(reads.begin());
        const bool full = read.request.from && read.versions.size() == read_limit;
        const auto plan = socket.on_read(read.request.ticket, read.versions, full);
        if (closed || !plan) return;
        if (!read.session_lives) {
            closed = true;
            return;
        }
        if (plan->welcome) {
            hold(read.snapshot >= plan->welcome->at, "a welcome with a snapshot from before its cursor");
            see_welcome(*plan->welcome);
        }
        for (auto i = plan->first; i < plan->last; ++i) see_event(read.versions[i]);
        if (plan->read_again) start_read();
    }

    void see_welcome(const replay::greeting& greeting) {
        if (greeting.resumed) {
            hold(knows_position && greeting.at == position, "resumed elsewhere than the client was");
        } else if (knows_position) {
            position_told_lost = true;
        }
        position = greeting.at;
        knows_position = welcomed = true;
    }
    void see_event(std::int64_t version) {
        hold(welcomed, "an event before the welcome");
        hold(version == position + 1, "an event twice, or one left out");
        position = version;
    }

    void trim() {
        --left.trims;
        stream.erase(stream.begin());
    }
    void wipe() {
        --left.wipes;
        stream.clear();
    }
    void sign_out() {
        --left.sign_outs;
        session_lives = false;
    }
    void lose_link() {
        --left.losses;
        subscribed = false;
        channel.clear();
        socket.on_link_lost();
    }
    // The link that reads go by; a node has both or neither.
    void lose_reads() {
        reads.clear();
        lose_link();
    }
    void reconnect() {
        --left.reconnects;
        subscribed = welcomed = closed = false;
        channel.clear();
        reads.clear();
        socket = feed{position};
    }

    void check_end() {
        hold(closed == !session_lives, "a socket that outlives its session, or was closed for nothing");
        if (closed) return;
        hold(socket.state() == feed_state::live, "a feed that never goes live");
        hold(socket.sent() == position, "a client elsewhere than its feed");
        const bool stream_whole = !stream.empty() && stream.back() == last_version;
        if (stream_whole) hold(position == last_version, "a transition that is never told");
        if (stream.size() == last_version) hold(!position_told_lost, "a position called lost that was not");
    }

    faults left;
    omission left_out;
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
    const char* broken = nullptr;  // what did not hold
    const char* last = "";         // move
};

void require_safe(const faults& budget) { model::require_safe("feed", world{budget}, 100); }

bool fails(const faults& budget, omission left_out) { return model::fails(world{budget, left_out}); }

}  // namespace

TEST_CASE("each transition is seen exactly once and in order, in every interleaving", "[feed][model]") {
    require_safe(GENERATE(faults{}, faults{.losses = 2}, faults{.reconnects = 2},
                          faults{.losses = 1, .reconnects = 1, .sign_outs = 1}, faults{.losses = 1, .trims = 2},
                          faults{.reconnects = 1, .trims = 1, .sign_outs = 1},
                          faults{.losses = 1, .reconnects = 1, .wipes = 1}, faults{.losses = 2, .sign_outs = 1},
                          faults{.losses = 1, .sign_outs = 1, .refreshes = 1}, faults{.reconnects = 1, .refreshes = 2}));
}

TEST_CASE("the model of the feed notices each rule that is left out", "[feed][model]") {
    CHECK(fails({}, omission::confirmed_first));
    CHECK(fails({}, omission::snapshot_after));
    CHECK(fails({.sign_outs = 1}, omission::own_read));
}
