#include "notify-service/src/push/vigil.hpp"

#include <memory>
#include <utility>
#include <vector>

#include "notify-service/src/push/push_socket.hpp"

namespace stagedoor::notify {
namespace {

// Sessions of one question: some hundred microseconds of Redis' time, so that nobody waits behind it.
constexpr std::size_t sessions_at_once = 256;

}  // namespace

runtime::task<void> vigil::look() {
    std::vector<std::weak_ptr<push_socket>> left;
    sockets_.for_each([&](member& each) { left.push_back(static_cast<push_socket&>(each).weak_from_this()); });

    std::vector<std::shared_ptr<push_socket>> batch;
    while (!left.empty()) {
        batch.clear();
        std::vector<session::session_ref> whose;
        while (!left.empty() && batch.size() < sessions_at_once) {
            if (auto socket = left.back().lock()) {
                whose.push_back(socket->whose());
                batch.push_back(std::move(socket));
            }
            left.pop_back();
        }
        auto found = co_await source_.read_sessions(std::move(whose));
        if (!found) co_return;
        for (std::size_t i = 0; i < batch.size(); ++i) batch[i]->on_session((*found)[i]);
    }
}

}  // namespace stagedoor::notify
