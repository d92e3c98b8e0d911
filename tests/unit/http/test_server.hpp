// A listener on a free port with a service that echoes; for tests.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/http/listener.hpp"
#include "common/http/router.hpp"
#include "common/runtime/event.hpp"
#include "common/runtime/shards.hpp"

namespace stagedoor::tests {

// What a test wants to know about requests that were answered, from any thread.
class recording_observer final : public http::observer {
public:
    struct entry {
        unsigned status;
        std::string route;
        std::size_t bytes_out;
        bool delivered;
    };

    void on_request(const http::finished_request& done) noexcept override {
        const std::lock_guard lock{mutex_};
        entries_.push_back({done.status, done.incoming != nullptr ? std::string{done.incoming->route()} : "",
                            done.bytes_out, done.delivered});
    }
    void on_refused_connection() noexcept override { ++refused; }

    std::vector<entry> entries() const {
        const std::lock_guard lock{mutex_};
        return entries_;
    }

    std::atomic<int> refused{0};

private:
    mutable std::mutex mutex_;
    std::vector<entry> entries_;
};

// What the handlers below share.
struct test_context {
    std::function<void(http::tcp_socket, std::string)> taken;
    std::atomic<int> abandoned{0};
};

inline runtime::task<http::response> echo(test_context&, const http::request& incoming) {
    co_return http::response::text(200, "text/plain", std::string{incoming.body()});
}
inline runtime::task<http::response> item(test_context&, const http::request& incoming) {
    co_return http::response::text(200, "text/plain", std::string{incoming.parameter("id")});
}
inline runtime::task<http::response> large(test_context&, const http::request&) {
    co_return http::response::text(200, "text/plain", std::string(32 * 1024 * 1024, 'x'));
}
inline runtime::task<http::response> slow(test_context&, const http::request&) {
    co_await runtime::sleep_for(std::chrono::milliseconds{300});
    co_return http::response::text(200, "text/plain", "slow");
}
inline runtime::task<http::response> broken(test_context&, const http::request&) {
    co_await runtime::sleep_for(std::chrono::milliseconds{1});
    throw std::runtime_error{"broken on purpose"};
}

class passing_takeover final : public http::takeover {
public:
    explicit passing_takeover(test_context& context) : context_{context} {}
    ~passing_takeover() override {
        if (!taken_) ++context_.abandoned;
    }
    void take(http::tcp_socket socket, std::string unread) override {
        taken_ = true;
        context_.taken(std::move(socket), std::move(unread));
    }

private:
    test_context& context_;
    bool taken_ = false;
};

inline runtime::task<http::response> upgrade(test_context& context, const http::request&) {
    co_return http::response::hand_over(101, std::make_unique<passing_takeover>(context))
        .add("Upgrade", "echo")
        .add("Connection", "Upgrade");
}

inline constexpr http::endpoint<test_context> test_endpoints[] = {
    {http::method::get, "/", &echo},           {http::method::post, "/echo", &echo},
    {http::method::get, "/items/{id}", &item}, {http::method::get, "/large", &large},
    {http::method::get, "/slow", &slow},       {http::method::get, "/broken", &broken},
    {http::method::get, "/upgrade", &upgrade},
};
static_assert(http::are_patterns(test_endpoints));

class test_server {
public:
    explicit test_server(http::listener_settings settings = {}, std::size_t shard_count = 1) : shards{shard_count} {
        for (std::size_t i = 0; i < shard_count; ++i) {
            routers_.push_back(std::make_unique<http::router<test_context>>(test_endpoints, context));
        }
        std::vector<http::site> sites;
        for (auto& each : routers_) sites.push_back({*each, observer});
        auto opened = http::listener::open(shards, *http::parse_endpoint("127.0.0.1:0"), std::move(settings), sites);
        listener = std::move(opened.value());
        shards.start();
    }
    ~test_server() {
        listener->begin_drain();
        listener->wait_drained(std::chrono::steady_clock::now());
        shards.stop();
        shards.join();
    }

    std::uint16_t port() const { return listener->local_endpoint().port(); }

    test_context context;
    recording_observer observer;
    runtime::shards shards;
    std::unique_ptr<http::listener> listener;

private:
    std::vector<std::unique_ptr<http::router<test_context>>> routers_;
};

// Polls `condition` for at most five seconds.
template <class Condition>
bool eventually(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{5};
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    return true;
}

}  // namespace stagedoor::tests
