// What the scripts that post to a user do (R1), for models: relay_scripts_test.cpp compares it with the scripts themselves
// in every small state.
#pragma once

#include <algorithm>
#include <cstdint>

namespace stagedoor::model {

struct user_stream {
    enum class reply : std::uint8_t { ok, dup, gap };

    std::uint8_t versions = 0;  // that are in it, as bits: 1 for version 1
    std::uint8_t top = 0;
    std::uint8_t snapshot = 0;  // version; 0: none

    // relay_user_events.lua. `facts`: the version of the snapshot that comes along.
    reply post(std::uint8_t version, std::uint8_t facts) {
        if (top + 1 < version) return reply::gap;
        snapshot = std::max(snapshot, facts);
        if (top >= version) return reply::dup;
        versions |= bit(version), top = version;
        return reply::ok;
    }

    // relay_rebase.lua. False: it was moved, and nothing was done.
    bool rebase(std::uint8_t seen_top, std::uint8_t first, std::uint8_t last) {
        if (top != seen_top || last <= top) return false;
        versions = 0;
        for (auto version = first; version <= last; ++version) versions |= bit(version);
        top = last;
        snapshot = std::max(snapshot, last);
        return true;
    }

    static constexpr std::uint8_t bit(std::uint8_t version) { return static_cast<std::uint8_t>(1U << (version - 1)); }
    friend bool operator==(const user_stream&, const user_stream&) = default;
};

}  // namespace stagedoor::model
