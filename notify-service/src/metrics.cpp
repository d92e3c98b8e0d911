#include "notify-service/src/metrics.hpp"

#include <cstdint>
#include <string>

namespace stagedoor::notify {
namespace {

obs::counter& handshakes(obs::metrics& registry, const std::string& name, const char* outcome) {
    return registry.counter("stagedoor_" + name + "_handshakes_total", "Requests for a connection, by how they ended.",
                            {{"outcome", outcome}});
}

obs::counter& closes(obs::metrics& registry, const std::string& name, const std::string& code) {
    return registry.counter("stagedoor_" + name + "_closes_total",
                            "Connections that ended, by the close code we gave; peer: it left or was lost.",
                            {{"code", code}});
}

obs::counter& welcomes(obs::metrics& registry, const char* resumed) {
    return registry.counter("stagedoor_push_welcomes_total", "Welcome frames, by whether the position was kept.",
                            {{"resumed", resumed}});
}

obs::counter& receipt_counter(obs::metrics& registry, const char* outcome) {
    return registry.counter("stagedoor_push_receipts_total",
                            "Words about sockets on their way into the receipts, by what became of them.",
                            {{"outcome", outcome}});
}

}  // namespace

transport_metrics::transport_metrics(obs::metrics& registry, const std::string& name)
    : handshakes{notify::handshakes(registry, name, "opened"),      notify::handshakes(registry, name, "refused"),
                 notify::handshakes(registry, name, "foreign"),     notify::handshakes(registry, name, "malformed"),
                 notify::handshakes(registry, name, "unavailable"), notify::handshakes(registry, name, "abandoned")},
      sockets{registry.gauge("stagedoor_" + name + "_sockets", "Open connections of this transport.")},
      closed_by_protocol{closes(registry, name, "protocol")},
      closed_by_peer{closes(registry, name, "peer")} {
    for (std::size_t i = 0; i < close_table.size(); ++i) {
        closed_[i] = &closes(registry, name, std::to_string(static_cast<std::uint16_t>(close_table[i].code)));
    }
}

obs::counter& transport_metrics::closed(close_code code) {
    return *closed_[static_cast<std::size_t>(&rule_of(code) - close_table.data())];
}

push_metrics::push_metrics(obs::metrics& registry)
    : web_sockets{registry, "ws"},
      event_streams{registry, "sse"},
      letters{registry.counter("stagedoor_push_letters_total", "Letters heard on users' channels.")},
      events_written{registry.counter("stagedoor_push_events_written_total", "Events written, to a socket each.")},
      unreadable{
          registry.counter("stagedoor_push_unreadable_total", "Messages, streams and their entries that are none of ours.")},
      resumes{welcomes(registry, "true")},
      restarts{welcomes(registry, "false")},
      holes{registry.counter("stagedoor_push_holes_total", "Letters that came without their predecessor.")},
      silent_losses{registry.counter("stagedoor_push_silent_losses_total",
                                     "Sockets that read because a message had not come to them.")},
      replayed{registry.counter("stagedoor_push_replayed_total", "Events written out of the stream.")},
      reads{registry.counter("stagedoor_push_reads_total", "Reads of session, snapshot and stream.")},
      failed_reads{registry.counter("stagedoor_push_failed_reads_total", "Reads that Redis did not answer.")},
      link_losses{registry.counter("stagedoor_push_link_losses_total", "Losses of a shard's subscription link.")},
      acknowledgements{registry.counter("stagedoor_ws_acknowledgements_total", "Acknowledgements that count.")},
      client_messages{registry.counter("stagedoor_ws_client_messages_total", "Messages from clients.")},
      consoles{registry.gauge("stagedoor_push_consoles", "Sockets that follow the admins' stream.")},
      feed_letters{registry.counter("stagedoor_push_feed_letters_total", "Letters heard on the admins' channel.")},
      feed_events_written{registry.counter("stagedoor_push_feed_events_written_total",
                                           "Events of others written to consoles, to a socket each.")},
      feed_restarts{registry.counter("stagedoor_push_feed_restarts_total",
                                     "Welcomes that begin at the end of the admins' stream, not at the client's cursor.")},
      receipts{receipt_counter(registry, "put")},
      receipts_dropped{receipt_counter(registry, "dropped")},
      receipts_refused{receipt_counter(registry, "refused")} {}

}  // namespace stagedoor::notify
