// What notify-service counts. Made once, at start; shards add to it without a lock.
#pragma once

#include <array>
#include <string>

#include "common/core/close_code.hpp"
#include "common/obs/metrics.hpp"

namespace stagedoor::notify {

// How a request for a socket ended.
struct handshake_metrics {
    obs::counter& opened;
    obs::counter& refused;      // told why by the transport's means: WebSockets are upgraded for it, and closed
    obs::counter& foreign;      // another origin, 403
    obs::counter& malformed;    // no handshake of WebSocket
    obs::counter& unavailable;  // 503: draining, Redis away, full
    obs::counter& abandoned;    // the peer left before the answer
};

// Of one transport: WebSockets, or event streams.
struct transport_metrics {
    // `name`: ws or sse.
    transport_metrics(obs::metrics& registry, const std::string& name);

    handshake_metrics handshakes;

    obs::gauge& sockets;

    // Sockets that we closed, by code; those that the peer closed or lost.
    obs::counter& closed(close_code code);
    obs::counter& closed_by_protocol;
    obs::counter& closed_by_peer;

private:
    std::array<obs::counter*, close_table.size()> closed_{};
};

struct push_metrics {
    explicit push_metrics(obs::metrics& registry);

    transport_metrics web_sockets;
    transport_metrics event_streams;

    obs::counter& letters;
    obs::counter& events_written;
    obs::counter& unreadable;  // messages on channels, streams, or entries of them, that are none of ours
    obs::counter& resumes;     // welcomes with resumed: true
    obs::counter& restarts;    // welcomes with resumed: false
    obs::counter& holes;
    obs::counter& silent_losses;  // sockets that a message had not come to
    obs::counter& replayed;  // events written out of the stream
    obs::counter& reads;
    obs::counter& failed_reads;
    obs::counter& link_losses;  // of a shard's subscriptions
    obs::counter& acknowledgements;
    obs::counter& client_messages;
    obs::gauge& consoles;
    obs::counter& feed_letters;
    obs::counter& feed_events_written;
    obs::counter& feed_restarts;     // welcomes that say that the place in the admins' stream was lost, or is a first one
    obs::counter& receipts;          // put into Redis
    obs::counter& receipts_dropped;  // Redis was away for too long
    obs::counter& receipts_refused;  // by Redis, for good
};

}  // namespace stagedoor::notify
