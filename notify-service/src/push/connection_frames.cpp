#include "notify-service/src/push/connection_frames.hpp"

#include "common/core/event.hpp"

namespace stagedoor::notify {
namespace {

constexpr std::size_t usual_size = 512;  // a welcome of average names

void append_feed(std::string& out, connection_frames::watching feed) {
    using enum connection_frames::watching;
    switch (feed) {
        case nothing:
            break;
        case soon:
            out.append(",\"feed\":null");
            break;
        case anew:
            out.append(",\"feed\":{\"resumed\":false}");
            break;
        case resumed:
            out.append(",\"feed\":{\"resumed\":true}");
            break;
    }
}

}  // namespace

connection_frames::connection_frames(std::string_view node, std::size_t shard)
    : id_prefix_{std::string{node} + "." + std::to_string(shard) + "."} {}

std::string connection_frames::make(const welcome& frame, instant now) {
    auto out = begin("welcome", now);
    out.append(",\"subject\":\"");
    append_uuid(out, frame.facts.id.bytes);
    out.append("\",\"cursor\":\"").append(frame.cursor).append("\",\"data\":{\"user\":");
    append_public_json(out, frame.facts);
    out.append(",\"resumed\":").append(frame.resumed ? "true" : "false");
    append_feed(out, frame.feed);
    out.append(",\"heartbeatIntervalMs\":").append(std::to_string(frame.heartbeat_interval.count()));
    out.append("}}");
    return out;
}

std::string connection_frames::make_heartbeat(std::string_view cursor, instant now) {
    auto out = begin("heartbeat", now);
    out.append(",\"data\":{\"cursor\":\"").append(cursor).append("\"}}");
    return out;
}

std::string connection_frames::make_degraded(instant now) {
    auto out = begin("degraded", now);
    out.append(",\"data\":{\"reason\":\"").append(problem_of(errc::redis_unavailable).code).append("\"}}");
    return out;
}

std::string connection_frames::make(const closing& frame, instant now) {
    const auto& rule = rule_of(frame.code);
    auto out = begin("closing", now);
    out.append(",\"data\":{\"code\":").append(std::to_string(static_cast<std::uint16_t>(frame.code)));
    out.append(",\"reason\":\"").append(rule.reason);
    out.append("\",\"cause\":");
    if (frame.cause) {
        out.append("\"").append(problem_of(*frame.cause).code).append("\"");
    } else {
        out.append("null");
    }
    out.append(",\"reconnect\":\"").append(to_string(rule.advice));
    out.append("\",\"afterMs\":").append(frame.after ? std::to_string(frame.after->count()) : "null");
    out.append("}}");
    return out;
}

std::string connection_frames::begin(std::string_view type, instant now) {
    std::string out;
    out.reserve(usual_size);
    out.append("{\"specversion\":\"1.0\",\"id\":\"").append(id_prefix_).append(std::to_string(next_++));
    out.append("\",\"source\":\"").append(event_source);
    out.append("\",\"type\":\"stagedoor.connection.").append(type);
    out.append("\",\"time\":\"").append(format_rfc3339(now));
    out.append("\",\"datacontenttype\":\"application/json\"");
    return out;
}

}  // namespace stagedoor::notify
