// Calls of the admin API that were refused, on their way to the audit log: summed, so that nobody outside can fill the
// disk. The first of its kind is written at once; what follows within limits::denial_window is written as a sum when
// the window is over. There are limits::denial_kinds kinds at a time, and one more for all the rest. Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/clock.hpp"
#include "common/core/errc.hpp"
#include "common/core/uuid.hpp"

namespace stagedoor::admin {

struct denial {
    std::optional<user_id> who;       // nobody: a stranger
    std::optional<uuid_bytes> token;  // an API token of theirs
    errc why = errc::forbidden;
    std::string_view method;  // static
    std::string_view route;   // the endpoint's pattern, static; "" for none
    std::string address;
    instant at;
};

struct denial_sum {
    denial last;  // the newest of them
    std::int64_t count = 0;
    instant first_at;
    bool rest = false;  // of many kinds: nobody's, and method and route say nothing
};

class denial_log {
public:
    using time_point = std::chrono::steady_clock::time_point;

    void note(denial what, time_point now);

    // What is to be written now. Once it is taken it is the caller's to write.
    std::vector<denial_sum> take(time_point now);
    // All of it: the process ends.
    std::vector<denial_sum> take_all();

private:
    struct kind_of {
        std::optional<user_id> who;
        std::optional<uuid_bytes> token;
        errc why;
        std::string_view method;
        std::string_view route;
        auto operator<=>(const kind_of&) const = default;
    };
    struct open_sum {
        denial_sum sum;        // count 0: all was written
        bool written = false;  // the first was
        time_point window_ends{};
    };

    static void add(open_sum& to, denial what, time_point now);

    std::mutex mutex_;
    std::map<kind_of, open_sum> kinds_;
    open_sum rest_;
};

}  // namespace stagedoor::admin
