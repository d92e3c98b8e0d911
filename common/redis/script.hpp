// Lua scripts: what has to happen in Redis at once. Each file in scripts/ says at its head what it takes and replies.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/redis/command.hpp"
#include "common/redis/link.hpp"
#include "common/redis/value.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::redis {

struct script {
    std::string_view name;
    std::string_view source;
    std::string_view sha1;  // of the source, 40 hex digits: what EVALSHA calls it
};

namespace scripts {

extern const script fence_swap;
extern const script relay_user_events;
extern const script relay_rebase;
extern const script begin_admin_feed;
extern const script relay_admin_events;
extern const script put_snapshot;
extern const script session_swap;
extern const script session_end;
extern const script rate_limit;
extern const script receipts_put;

}  // namespace scripts

// The keys of a call, all in one slot: keys{stream, snapshot}. (g++ 12 cannot have an initializer_list in co_await.)
template <std::size_t Count>
struct keys {
    std::array<std::string_view, Count> names;
};
template <class... Names>
keys(const Names&...) -> keys<sizeof...(Names)>;

// One call of a script. Arguments are texts or integers.
class script_call {
public:
    template <std::size_t Count, class... Args>
    script_call(const script& what, const keys<Count>& on, const Args&... args) : what_{&what} {
        tail_.add(Count);
        for (const auto name : on.names) tail_.add(name);
        (tail_.add(args), ...);
    }

    // The same with keys that only the caller can count; their arguments are added.
    script_call(const script& what, std::span<const std::string> on) : what_{&what} {
        tail_.add(on.size());
        for (const auto& name : on) tail_.add(name);
    }

    template <class Arg>
    script_call& add(const Arg& arg) {
        tail_.add(arg);
        return *this;
    }

    // EVALSHA, and what to send when Redis does not know the script.
    command by_hash() const { return command{"EVALSHA", what_->sha1}.add_all(tail_); }
    command by_source() const { return command{"EVAL", what_->source}.add_all(tail_); }

private:
    const script* what_;
    command tail_;
};

// What a script of compare-and-set says, {1} or {0, …}: whether it has put the new value. errc::redis_protocol for any
// other reply.
result<bool> was_swapped(const value& reply);

// Errors as link::request.
runtime::task<result<value>> eval(link& redis, script_call call, deadline_time by = no_deadline);

// All in one write; a reply for each. Calls run in order, except that those which a Redis without the script has
// refused run after the others (R1's chain makes that harmless).
runtime::task<std::vector<result<value>>> eval_all(link& redis, std::vector<script_call> calls);

}  // namespace stagedoor::redis
