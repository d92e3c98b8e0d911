// Explores every interleaving of a small world: two holders of one channel, a server that works when it likes, bytes
// under way in both directions, and losses. Holds: who was told that the channel is confirmed misses no message.
#include <catch2/catch.hpp>
#include <deque>
#include <string>
#include <vector>

#include "common/redis/resp.hpp"
#include "common/redis/subscription_table.hpp"

using namespace stagedoor;
using namespace stagedoor::redis;

namespace {

constexpr int holders = 2;
const std::string channel = "c";

enum class action { acquire_0, acquire_1, release_0, release_1, server_works, confirmation_arrives, loss, reconnect };
constexpr action all_actions[] = {action::acquire_0, action::acquire_1,    action::release_0,
                                  action::release_1, action::server_works, action::confirmation_arrives,
                                  action::loss,      action::reconnect};

class world {
public:
    world() { table_.connected(""); }

    // False when `what` is impossible here.
    bool step(action what) {
        switch (what) {
            case action::acquire_0:
                return acquire(0);
            case action::acquire_1:
                return acquire(1);
            case action::release_0:
                return release(0);
            case action::release_1:
                return release(1);
            case action::server_works:
                return server_works();
            case action::confirmation_arrives:
                return confirmation_arrives();
            case action::loss:
                return lose();
            case action::reconnect:
                return reconnect();
        }
        return false;
    }

    bool is_sound() const {
        for (const auto state : holders_) {
            if (state == holder::live && connected_ && restored_ && !server_subscribed_) return false;
        }
        return true;
    }

    // Lets everything under way arrive: then who holds is live, and the server has what is held and nothing else.
    bool settles() {
        reconnect();
        while (server_works() || confirmation_arrives()) {
        }
        bool held = false;
        for (const auto state : holders_) {
            if (state == holder::waiting) return false;
            held = held || state == holder::live;
        }
        return table_.is_restored() && server_subscribed_ == held && table_.size() == (held ? 1u : 0u);
    }

private:
    enum class holder { idle, waiting, live };

    bool acquire(int who) {
        auto& state = holders_[who];
        if (state != holder::idle || !connected_) return false;
        if (table_.hold(channel)) {
            state = holder::live;
            return true;
        }
        state = holder::waiting;
        table_.await(channel, [&state](result<void> outcome) { state = outcome ? holder::live : holder::idle; });
        return true;
    }

    bool release(int who) {
        if (holders_[who] != holder::live) return false;
        holders_[who] = holder::idle;
        table_.release(channel);
        restored_ = restored_ || table_.is_restored();
        return true;
    }

    void send_output() {
        reply_reader reader;
        reader.feed(table_.output().unsent());
        table_.output().consume(table_.output().size());
        value sent;
        while (*reader.next(sent)) to_server_.push_back(*(*sent.if_array())[0].if_text() == "SUBSCRIBE");
    }

    bool server_works() {
        if (!connected_) return false;
        send_output();
        if (to_server_.empty()) return false;
        server_subscribed_ = to_server_.front();
        from_server_.push_back(to_server_.front());
        to_server_.pop_front();
        return true;
    }

    bool confirmation_arrives() {
        if (from_server_.empty()) return false;
        const bool subscribe = from_server_.front();
        from_server_.pop_front();
        const auto confirmed = table_.confirmed(subscribe, channel);
        if (!confirmed) FAIL("a confirmation was taken for one that was not due");
        restored_ = table_.is_restored();
        return true;
    }

    bool lose() {
        if (!connected_) return false;
        connected_ = server_subscribed_ = restored_ = false;
        to_server_.clear();
        from_server_.clear();
        table_.lost();
        return true;
    }

    bool reconnect() {
        if (connected_) return false;
        connected_ = true;
        table_.connected("");
        restored_ = table_.is_restored();
        return true;
    }

    subscription_table table_;
    holder holders_[holders]{};
    std::deque<bool> to_server_;  // true: SUBSCRIBE
    std::deque<bool> from_server_;
    bool server_subscribed_ = false;
    bool connected_ = true;
    bool restored_ = true;  // as announced: between loss and restoring nobody relies on messages
};

// Worlds hold tables that cannot be copied: each path is walked from its beginning.
std::size_t explore(std::vector<action>& path, int depth) {
    std::size_t worlds = 0;
    for (const auto next : all_actions) {
        world here;
        for (const auto past : path) here.step(past);
        if (!here.step(next)) continue;
        ++worlds;
        if (!here.is_sound()) FAIL("a confirmed holder would miss messages");
        if (depth > 1) {
            path.push_back(next);
            worlds += explore(path, depth - 1);
            path.pop_back();
        } else if (!here.settles()) {
            FAIL("the table does not settle");
        }
    }
    return worlds;
}

}  // namespace

TEST_CASE("in every interleaving a confirmed holder misses no message and everything settles") {
    std::vector<action> path;
    CHECK(explore(path, 12) > 30'000);
}
