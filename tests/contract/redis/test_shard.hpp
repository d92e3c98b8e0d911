// A shard without a thread: tests run it step by step and look in between.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include "common/runtime/task.hpp"
#include "common/runtime/task_group.hpp"

namespace stagedoor::tests {

class test_shard {
public:
    runtime::executor executor() { return context_.get_executor(); }

    // Runs the shard until `condition()`; false when that takes longer than `patience`.
    template <class Condition>
    bool reaches(Condition condition, std::chrono::milliseconds patience = std::chrono::seconds{10}) {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        while (!condition()) {
            if (std::chrono::steady_clock::now() >= deadline) return false;
            context_.run_one_for(std::chrono::milliseconds{5});
        }
        return true;
    }

    // Runs the shard until `work` is done.
    template <class Value>
    Value await(runtime::task<Value> work) {
        std::optional<Value> value;
        std::exception_ptr failure;
        runtime::asio::co_spawn(context_, std::move(work), [&](std::exception_ptr e, Value v) {
            failure = e;
            value = std::move(v);
        });
        const bool done = reaches([&] { return value.has_value(); });
        if (!done) throw std::runtime_error{"the test's request was never answered"};
        if (failure) std::rethrow_exception(failure);
        return std::move(*value);
    }

private:
    runtime::asio::io_context context_{1};
};

// A link or subscriber that runs on the shard from here to the end of its scope.
template <class Object>
class running {
public:
    template <class... Args>
    explicit running(test_shard& shard, Args&&... args)
        : shard_{shard}, tasks_{shard.executor()}, object_{shard.executor(), std::forward<Args>(args)...} {
        object_.start(tasks_);
    }
    ~running() { stop(); }
    running(const running&) = delete;
    running& operator=(const running&) = delete;

    void stop() {
        object_.stop();
        const bool stopped = shard_.reaches([this] { return tasks_.size() == 0; });
        if (!stopped) std::terminate();
    }

    Object& operator*() noexcept { return object_; }
    Object* operator->() noexcept { return &object_; }

private:
    test_shard& shard_;
    runtime::task_group tasks_;
    Object object_;
};

}  // namespace stagedoor::tests
