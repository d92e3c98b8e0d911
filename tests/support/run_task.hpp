// Runs one coroutine to its end on a fresh io_context, for tests without servers.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>

#include "common/runtime/task.hpp"

namespace stagedoor::tests {

// `make(executor)` returns the task. Everything else that was spawned on the executor runs too.
template <class Make>
auto run_task(Make make) {
    // Never destroyed: a thread that has posted its answer may still be on its way out of post().
    static auto& context = *new runtime::asio::io_context{1};
    context.restart();
    auto task = make(context.get_executor());
    using value = typename decltype(task)::value_type;
    std::exception_ptr failure;
    if constexpr (std::is_void_v<value>) {
        runtime::asio::co_spawn(context, std::move(task), [&](std::exception_ptr e) { failure = e; });
        context.run();
        if (failure) std::rethrow_exception(failure);
    } else {
        std::optional<value> out;
        runtime::asio::co_spawn(context, std::move(task), [&](std::exception_ptr e, value v) {
            failure = e;
            out = std::move(v);
        });
        context.run();
        if (failure) std::rethrow_exception(failure);
        return std::move(*out);
    }
}

}  // namespace stagedoor::tests
