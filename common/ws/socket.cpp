#include "common/ws/socket.hpp"

#include <array>
#include <cstring>
#include <utility>

#include "common/ws/socket_group.hpp"

namespace stagedoor::ws {
namespace {

using kind = frame_reader::event::kind;

}  // namespace

socket::socket(socket_group& group, http::tcp_socket connection, socket_owner& owner)
    : stream{group, std::move(connection)}, owner_{owner}, reader_{group.bounds().message_bytes} {}

// --- reading ---

void socket::take(std::span<char> bytes) {
    for (;;) {
        const auto happened = reader_.next(bytes);
        switch (happened.what) {
            case kind::need_more: return;
            case kind::text:
            case kind::binary:
                if (open()) owner_.on_message(*this, happened.what == kind::text, happened.payload);
                break;
            case kind::ping: answer_ping(happened.payload); break;
            case kind::pong: check_pong(happened.payload); break;
            case kind::close: on_peer_close(happened.code); break;
            case kind::failed: on_unreadable(happened.code, happened.payload); break;
        }
        if (now() == state::ended) return;
    }
}

void socket::answer_ping(std::string_view payload) {
    if (!open()) return;
    // A peer that pings and does not read gets no answer: section 5.5.3 asks for one to the last ping only.
    const auto answered = send(make_frame(opcode::pong, payload));
    if (answered == sent::written || answered == sent::queued) owner_.on_ping(*this);
}

void socket::check_pong(std::string_view payload) {
    std::uint32_t number = 0;
    if (!awaits_pong_ || payload.size() != sizeof number) return;
    std::memcpy(&number, payload.data(), sizeof number);
    if (number != last_ping_) return;
    awaits_pong_ = false;
    if (open()) owner_.on_pong(*this);
}

void socket::on_peer_close(std::uint16_t code) {
    peer_closed_ = true;
    if (open()) {
        begin_close_by_peer(code);
        push(make_close_frame(code, {}));
        flush();
    }
    end_when_done();
}

// Section 7.1.7.
void socket::on_unreadable(std::uint16_t code, std::string_view why) {
    unreadable_ = true;
    close(code, why, nullptr, queue::flush);
    end_when_done();
}

// --- writing ---

void socket::ping() {
    if (awaits_pong_ || !open()) return;
    awaits_pong_ = true;
    ++last_ping_;
    std::array<char, sizeof last_ping_> payload;
    std::memcpy(payload.data(), &last_ping_, payload.size());
    // It fits in any case: one at a time, and the peer that does not read is the one to find.
    push(make_frame(opcode::ping, {payload.data(), payload.size()}));
    flush();
}

// --- closing ---

void socket::close(std::uint16_t code, std::string_view reason, const shared_frame& last, queue policy,
                   std::chrono::milliseconds within) {
    const bool may_speak = begin_close(code, policy, within);
    if (!may_speak) return;
    if (last) push(last);
    push(make_close_frame(code, reason));
    flush();
}

void socket::end_when_done() {
    if (now() != state::closing || !all_written()) return;
    if (unreadable_) return end_output();
    if (peer_closed_) end_cleanly();
}

}  // namespace stagedoor::ws
