#include "common/ws/outbox.hpp"

#include <algorithm>
#include <utility>

namespace stagedoor::ws {

void outbox::push(shared_frame frame, std::size_t written) {
    bytes_ += frame->size() - written;
    if (frames_.empty()) written_ = static_cast<std::uint32_t>(written);
    frames_.push_back(std::move(frame));
}

std::size_t outbox::gather(std::span<std::string_view> out) const noexcept {
    const auto count = std::min(out.size(), frames());
    for (std::size_t i = 0; i < count; ++i) out[i] = frames_[first_ + i]->view();
    if (count > 0) out[0].remove_prefix(written_);
    return count;
}

void outbox::consume(std::size_t bytes) noexcept {
    bytes_ -= bytes;
    while (bytes > 0) {
        auto& oldest = frames_[first_];
        const auto left = oldest->size() - written_;
        if (bytes < left) {
            written_ += static_cast<std::uint32_t>(bytes);
            break;
        }
        bytes -= left;
        oldest.reset();
        written_ = 0;
        ++first_;
    }
    if (first_ == frames_.size()) {
        std::vector<shared_frame>{}.swap(frames_);
        first_ = 0;
    } else if (first_ > frames_.size() / 2) {
        frames_.erase(frames_.begin(), frames_.begin() + first_);
        first_ = 0;
    }
}

void outbox::drop_unbegun() noexcept {
    if (frames_.empty()) return;
    const auto kept = static_cast<std::ptrdiff_t>(first_) + (half_written() ? 1 : 0);
    frames_.erase(frames_.begin() + kept, frames_.end());
    if (half_written()) {
        bytes_ = frames_[first_]->size() - written_;
        return;
    }
    std::vector<shared_frame>{}.swap(frames_);
    first_ = 0;
    bytes_ = 0;
}

}  // namespace stagedoor::ws
