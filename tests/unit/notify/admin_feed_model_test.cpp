// Every interleaving of a small world of consoles: events posted to the admins' stream, lives of it that end, a
// subscription and reads with delays of their own, losses of the link, reconnects of the client and trimming. In each of
// them the client sees every event after its position exactly once and in order within a life, and another life only
// behind a welcome that says so (R3).
#include "notify-service/src/hub/admin_feed.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/model_checks.hpp"

using namespace stagedoor;
using namespace stagedoor::notify;

namespace {

constexpr int posts = 3;
constexpr std::size_t read_limit = 2;     // small, so that reads are cut short
constexpr std::int64_t confirmation = 0;  // on the channel, beside the numbers of letters

struct faults {
    int losses = 0;
    int reconnects = 0;
    int trims = 0;
    int wipes = 0;
};

std::string name_of(int life) { return std::string{"life"} + std::to_string(life); }

struct letter_on_its_way {
    int life = 0;
    std::int64_t number = confirmation;
};

struct read_on_its_way {
    stream_read request;
    bool executed = false;
    int life = 0;
    std::vector<std::int64_t> numbers;
};

class world {
public:
    explicit world(faults budget) : left{budget} {}

    std::string key() const {
        std::string k;
        const auto add = [&](auto n) { k.append(std::to_string(n)).append(","); };
        add(left.losses), add(left.reconnects), add(left.trims), add(left.wipes);
        add(posted), add(life), add(wiped), add(top), add(subscribed), add(welcomed), add(told_lost), add(broken != nullptr);
        for (auto n : stream) add(n);
        for (const auto& l : channel) k.append("c"), add(l.life), add(l.number);
        for (const auto& r : reads) {
            k.append("r"), add(r.request.ticket), add(r.request.from.value_or(-1)), add(r.executed), add(r.life);
            for (auto n : r.numbers) add(n);
        }
        const auto add_place = [&](const std::optional<admin_place>& at) {
            k.append("p").append(at ? at->incarnation : "-"), add(at ? at->number : -1);
        };
        add_place(place);
        // All of the feed, also what is not to be seen from outside.
        k.append("f").append(console.incarnation()).append(",").append(console.heard());
        k.append(reinterpret_cast<const char*>(&console.within()), sizeof console.within());
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
        if (posted < posts) go("post", [](world& n) { n.post(); });
        if (!subscribed) go("subscribe", [](world& n) { n.subscribe(); });
        if (!channel.empty()) go("letter", [](world& n) { n.deliver_letter(); });
        if (const auto at = first_unexecuted(); at < reads.size()) go("execute", [at](world& n) { n.execute(at); });
        if (!reads.empty() && reads.front().executed) go("read", [](world& n) { n.deliver_read(); });

        if (left.losses > 0) go("lose link", [](world& n) { n.lose_link(); });
        if (left.reconnects > 0 && welcomed) go("reconnect", [](world& n) { n.reconnect(); });
        if (left.trims > 0 && stream.size() > 1) go("trim", [](world& n) { n.trim(); });
        if (left.wipes > 0 && !wiped) go("wipe", [](world& n) { n.wipe(); });
    }
    const char* last_move() const { return last; }

    // Nothing more happens by itself.
    bool settled() const { return posted == posts && subscribed && channel.empty() && reads.empty(); }
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

    // As relay_admin_events does it.
    void post() {
        ++posted;
        if (std::exchange(wiped, false)) {
            ++life;
            top = 0;
        }
        stream.push_back(++top);
        if (subscribed) channel.push_back({life, top});
    }
    void wipe() {
        --left.wipes;
        wiped = true;
        stream.clear();
    }
    void trim() {
        --left.trims;
        stream.erase(stream.begin());
    }
    void subscribe() {
        subscribed = true;
        channel.push_back({});
    }
    std::size_t first_unexecuted() const {
        std::size_t i = 0;
        while (i < reads.size() && reads[i].executed) ++i;
        return i;
    }
    void execute(std::size_t at) {
        auto& read = reads[at];
        read.executed = true;
        read.life = life;
        if (!read.request.from && !stream.empty()) read.numbers.push_back(stream.back());
        if (!read.request.from) return;
        for (auto n : stream) {
            if (n >= *read.request.from && read.numbers.size() < read_limit) read.numbers.push_back(n);
        }
    }
    void start_read() { reads.push_back({console.pending(), false, 0, {}}); }

    void deliver_letter() {
        const auto letter = channel.front();
        channel.erase(channel.begin());
        if (letter.number == confirmation) {
            console.on_confirmed();
            start_read();
            return;
        }
        switch (console.on_letter(name_of(letter.life), letter.number)) {
            case letter_action::write:
                see_event(letter.life, letter.number);
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
        const bool full = read.request.from && read.numbers.size() == read_limit;
        const auto incarnation = read.numbers.empty() ? std::string{} : name_of(read.life);
        const auto plan = console.on_read(read.request.ticket, incarnation, read.numbers, full);
        if (!plan) return;
        if (plan->welcome) see_welcome(*plan->welcome, incarnation);
        for (auto i = plan->first; i < plan->last; ++i) see_event(read.life, read.numbers[i]);
        if (plan->read_again) start_read();
    }

    void see_welcome(const replay::greeting& greeting, const std::string& incarnation) {
        if (greeting.resumed) {
            hold(greeting.at == (place ? place->number : 0), "resumed elsewhere than the console was");
        } else {
            if (place) told_lost = true;
            place.reset();
            if (greeting.at > 0) place = admin_place{incarnation, greeting.at};
        }
        welcomed = true;
    }
    void see_event(int of_life, std::int64_t number) {
        hold(welcomed, "an event before the welcome");
        if (place) hold(name_of(of_life) == place->incarnation, "an event of another life without a welcome");
        hold(number == (place ? place->number + 1 : 1), "an event twice, or one left out");
        place = admin_place{name_of(of_life), number};
    }

    void lose_link() {
        --left.losses;
        subscribed = false;
        channel.clear();
        console.on_link_lost();
    }
    void reconnect() {
        --left.reconnects;
        subscribed = welcomed = false;
        channel.clear();
        reads.clear();
        console = admin_feed{place};
    }

    void check_end() {
        hold(console.state() == feed_state::live, "a feed that never goes live");
        hold(console.place() == place, "a client elsewhere than its feed");
        // A wipe that nothing has been posted after is noticed with the next post, or the next read.
        if (!wiped) hold(place == admin_place{name_of(life), top}, "an event that is never told");
        const bool nothing_lost = life <= 1 && stream.size() == static_cast<std::size_t>(top) && !wiped;
        if (nothing_lost) hold(!told_lost, "a position called lost that was not");
    }

    faults left;
    // Redis
    int posted = 0;
    int life = 0;  // 0: none yet; or the one that was wiped, until the next post
    bool wiped = true;
    std::vector<std::int64_t> stream;
    std::int64_t top = 0;
    bool subscribed = false;
    // on the wire
    std::vector<letter_on_its_way> channel;
    std::vector<read_on_its_way> reads;
    // the node
    admin_feed console;
    // the client
    bool welcomed = false;
    std::optional<admin_place> place;
    bool told_lost = false;
    const char* broken = nullptr;  // what did not hold
    const char* last = "";         // move
};

}  // namespace

TEST_CASE("a console sees every event once and in order within a life, in every interleaving", "[admin_feed][model]") {
    const auto budget = GENERATE(faults{}, faults{.losses = 2}, faults{.reconnects = 2},
                                 faults{.losses = 1, .reconnects = 1, .trims = 1}, faults{.wipes = 2},
                                 faults{.losses = 1, .wipes = 1}, faults{.reconnects = 1, .wipes = 1},
                                 faults{.losses = 1, .reconnects = 1, .wipes = 1});
    model::require_safe("admin feed", world{budget}, 100);
}
