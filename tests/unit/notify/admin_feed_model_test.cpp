// Every interleaving of a small world of consoles: events posted to the admins' stream, lives of it that end, a
// subscription and reads with delays of their own, losses of the link, reconnects of the client and trimming. In each of
// them the client sees every event after its position exactly once and in order within a life, and another life only
// behind a welcome that says so (R3).
#include <catch2/catch.hpp>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "notify-service/src/hub/admin_feed.hpp"

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

struct world {
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

    std::string key() const {
        std::string k;
        const auto add = [&](auto n) { k.append(std::to_string(n)).append(","); };
        add(left.losses), add(left.reconnects), add(left.trims), add(left.wipes);
        add(posted), add(life), add(wiped), add(top), add(subscribed), add(welcomed), add(told_lost);
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
};

class explorer {
public:
    explicit explorer(faults budget) {
        world start;
        start.left = budget;
        visit(std::move(start));
        while (!open_.empty()) {
            auto next = std::move(open_.back());
            open_.pop_back();
            step(next);
        }
    }
    std::size_t ends() const { return ends_; }

private:
    void visit(world w) {
        if (!seen_.insert(w.key()).second) return;
        if (seen_.size() > 3'000'000) FAIL("the world has no end: something loops");
        open_.push_back(std::move(w));
    }

    void step(const world& w) {
        bool settled = true;
        const auto go = [&](auto&& change) {
            world next = w;
            change(next);
            visit(std::move(next));
        };
        const auto must = [&](auto&& change) {
            settled = false;
            go(change);
        };
        if (w.posted < posts) must([](world& n) { post(n); });
        if (!w.subscribed) must([](world& n) { subscribe(n); });
        if (!w.channel.empty()) must([](world& n) { deliver_letter(n); });
        if (auto at = first_unexecuted(w); at < w.reads.size()) must([at](world& n) { execute(n, at); });
        if (!w.reads.empty() && w.reads.front().executed) must([](world& n) { deliver_read(n); });
        if (settled) check_end(w);

        if (w.left.losses > 0) go([](world& n) { lose_link(n); });
        if (w.left.reconnects > 0 && w.welcomed) go([](world& n) { reconnect(n); });
        if (w.left.trims > 0 && w.stream.size() > 1) go([](world& n) { trim(n); });
        if (w.left.wipes > 0 && !w.wiped) go([](world& n) { wipe(n); });
    }

    // As relay_admin_events does it.
    static void post(world& w) {
        ++w.posted;
        if (std::exchange(w.wiped, false)) {
            ++w.life;
            w.top = 0;
        }
        w.stream.push_back(++w.top);
        if (w.subscribed) w.channel.push_back({w.life, w.top});
    }
    static void wipe(world& w) {
        --w.left.wipes;
        w.wiped = true;
        w.stream.clear();
    }
    static void trim(world& w) {
        --w.left.trims;
        w.stream.erase(w.stream.begin());
    }
    static void subscribe(world& w) {
        w.subscribed = true;
        w.channel.push_back({});
    }
    static std::size_t first_unexecuted(const world& w) {
        std::size_t i = 0;
        while (i < w.reads.size() && w.reads[i].executed) ++i;
        return i;
    }
    static void execute(world& w, std::size_t at) {
        auto& read = w.reads[at];
        read.executed = true;
        read.life = w.life;
        if (!read.request.from && !w.stream.empty()) read.numbers.push_back(w.stream.back());
        if (!read.request.from) return;
        for (auto n : w.stream) {
            if (n >= *read.request.from && read.numbers.size() < read_limit) read.numbers.push_back(n);
        }
    }
    static void start_read(world& w) { w.reads.push_back({w.console.pending(), false, 0, {}}); }

    static void deliver_letter(world& w) {
        const auto letter = w.channel.front();
        w.channel.erase(w.channel.begin());
        if (letter.number == confirmation) {
            w.console.on_confirmed();
            start_read(w);
            return;
        }
        switch (w.console.on_letter(name_of(letter.life), letter.number)) {
            case letter_action::write:
                see_event(w, letter.life, letter.number);
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
        const bool full = read.request.from && read.numbers.size() == read_limit;
        const auto life = read.numbers.empty() ? std::string{} : name_of(read.life);
        const auto plan = w.console.on_read(read.request.ticket, life, read.numbers, full);
        if (!plan) return;
        if (plan->welcome) see_welcome(w, *plan->welcome, life);
        for (auto i = plan->first; i < plan->last; ++i) see_event(w, read.life, read.numbers[i]);
        if (plan->read_again) start_read(w);
    }

    static void see_welcome(world& w, const replay::greeting& greeting, const std::string& life) {
        if (greeting.resumed) {
            REQUIRE(greeting.at == (w.place ? w.place->number : 0));
        } else {
            if (w.place) w.told_lost = true;
            w.place.reset();
            if (greeting.at > 0) w.place = admin_place{life, greeting.at};
        }
        w.welcomed = true;
    }
    static void see_event(world& w, int life, std::int64_t number) {
        REQUIRE(w.welcomed);
        if (w.place) {
            REQUIRE(name_of(life) == w.place->incarnation);
            REQUIRE(number == w.place->number + 1);
        } else {
            REQUIRE(number == 1);
        }
        w.place = admin_place{name_of(life), number};
    }

    static void lose_link(world& w) {
        --w.left.losses;
        w.subscribed = false;
        w.channel.clear();
        w.console.on_link_lost();
    }
    static void reconnect(world& w) {
        --w.left.reconnects;
        w.subscribed = w.welcomed = false;
        w.channel.clear();
        w.reads.clear();
        w.console = admin_feed{w.place};
    }

    void check_end(const world& w) {
        ++ends_;
        REQUIRE(w.console.state() == feed_state::live);
        REQUIRE(w.console.place() == w.place);
        // A wipe that nothing has been posted after is noticed with the next post, or the next read.
        if (!w.wiped) REQUIRE(w.place == admin_place{name_of(w.life), w.top});
        const bool nothing_lost = w.life <= 1 && w.stream.size() == static_cast<std::size_t>(w.top) && !w.wiped;
        if (nothing_lost) REQUIRE_FALSE(w.told_lost);
    }

    std::unordered_set<std::string> seen_;
    std::vector<world> open_;
    std::size_t ends_ = 0;
};

}  // namespace

TEST_CASE("a console sees every event once and in order within a life, in every interleaving", "[admin_feed][model]") {
    const auto budget = GENERATE(faults{0, 0, 0, 0}, faults{2, 0, 0, 0}, faults{0, 2, 0, 0}, faults{1, 1, 1, 0},
                                 faults{0, 0, 0, 2}, faults{1, 0, 0, 1}, faults{0, 1, 0, 1}, faults{1, 1, 0, 1});
    const explorer world{budget};
    CHECK(world.ends() > 0);
}
