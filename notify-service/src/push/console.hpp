// The part of an admin's socket that follows the admins' stream (R3): everybody's registrations and transitions, beside the
// admin's own events. Made once the session has proved to be an active admin's, ends with the socket.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/core/admin_event.hpp"
#include "notify-service/src/hub/history.hpp"
#include "notify-service/src/hub/watcher.hpp"
#include "notify-service/src/push/connection_frames.hpp"
#include "notify-service/src/push/push_context.hpp"

namespace stagedoor::notify {

class push_socket;

class console final : public watcher {
public:
    // Joins the hub. Both outlive this.
    console(push_socket& socket, push_context& shard, const std::optional<admin_place>& after);
    ~console();

    // Returns when the admins' channel is confirmed. Once.
    runtime::task<result<void>> listen();

    // What a read has brought of the admins' stream. For a socket that is no console: nothing.
    struct news {
        std::optional<replay> plan;
        std::optional<admin_place> from;  // where the entries begin
    };
    news take(const read_request& asked, const readout& read);

    // What a welcome says of it, after take().
    connection_frames::watching state_after(const news& taken) const noexcept;

    // Adds the entries that `taken` wants to be written, but those about the admin: the own stream has them. Their cursors
    // name `version` in it. How many.
    std::size_t add_events(std::vector<frame>& to, const news& taken, const readout& read, encoding how,
                           std::int64_t version) const;

    void start_read() override;
    void write(const admin_letter& letter) override;

private:
    push_socket& socket_;
    push_context& node_;
};

}  // namespace stagedoor::notify
