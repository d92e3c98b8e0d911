#include "common/runtime/shards.hpp"

#include <spdlog/spdlog.h>

#include <exception>

#include "common/runtime/thread_class.hpp"

namespace stagedoor::runtime {

shards::shards(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        // The hint 1 says that one thread runs it: Asio then skips work that only many threads need.
        contexts_.push_back(std::make_unique<asio::io_context>(1));
        guards_.emplace_back(contexts_.back()->get_executor());
    }
}

shards::~shards() {
    stop();
    join();
}

void shards::start() {
    for (auto& context : contexts_) {
        threads_.emplace_back([&context = *context] {
            become_prompt();
            for (;;) {
                try {
                    context.run();
                    return;
                } catch (const std::exception& e) {
                    spdlog::critical("a handler threw, which is a bug: {}", e.what());
                }
            }
        });
    }
}

void shards::join() {
    guards_.clear();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
}

void shards::stop() {
    for (auto& context : contexts_) context->stop();
}

}  // namespace stagedoor::runtime
