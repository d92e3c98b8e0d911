// One io_context and one thread per core. What lives on a shard belongs to its thread; only immutable data crosses.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "common/runtime/task.hpp"

namespace stagedoor::runtime {

class shards {
public:
    // 1 <= count <= 64. Nothing runs yet.
    explicit shards(std::size_t count);
    ~shards();
    shards(const shards&) = delete;
    shards& operator=(const shards&) = delete;

    std::size_t size() const noexcept { return contexts_.size(); }
    executor at(std::size_t index) { return contexts_[index]->get_executor(); }

    // Starts the threads. Work that was posted or spawned before begins now.
    void start();

    // Lets each context run out of work, then joins the threads. Call stop() first to drop what is left.
    void join();

    // Makes every context return at once.
    void stop();

private:
    std::vector<std::unique_ptr<asio::io_context>> contexts_;
    std::vector<asio::executor_work_guard<executor>> guards_;
    std::vector<std::thread> threads_;
};

}  // namespace stagedoor::runtime
