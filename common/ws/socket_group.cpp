#include "common/ws/socket_group.hpp"

namespace stagedoor::ws {

socket_group::socket_group(runtime::executor shard, socket_bounds bounds)
    : executor_{shard}, bounds_{bounds}, buffer_{std::make_unique<char[]>(buffer_size)}, timer_{shard} {}

socket_group::~socket_group() { closing_.clear(); }

void socket_group::watch(stream& closing_one) {
    closing_.push_back(closing_one);
    arm();
}

void socket_group::forget(stream& closing_one) noexcept {
    if (closing_one.is_linked()) closing_one.unlink();
}

void socket_group::arm() {
    if (armed_) return;
    armed_ = true;
    timer_.expires_after(sweep_interval);
    timer_.async_wait([this](const boost::system::error_code& ec) {
        if (ec) return;  // the group is gone
        armed_ = false;
        sweep();
    });
}

void socket_group::sweep() {
    const auto now = std::chrono::steady_clock::now();
    for (auto each = closing_.begin(); each != closing_.end();) {
        auto& one = *each++;
        if (now >= one.deadline_) one.on_deadline();
    }
    if (!closing_.empty()) arm();
}

}  // namespace stagedoor::ws
