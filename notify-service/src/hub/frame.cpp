#include "notify-service/src/hub/frame.hpp"

#include "common/core/event.hpp"

namespace stagedoor::notify {

frame encode(encoding how, std::string_view json, const stream_fields& beside) {
    switch (how) {
        case encoding::websocket:
            return ws::make_text_frame(json);
        case encoding::event_stream:
            return ws::make_bytes(make_block(json, beside));
        case encoding::chunked_event_stream:
            return ws::make_bytes(make_chunk(make_block(json, beside)));
    }
    return {};
}

frame encode_event(encoding how, std::string_view json, std::string_view cursor) {
    if (how == encoding::websocket) return encode(how, json);
    // Of all that is said, events alone are positions to come back to (N3).
    return encode(how, json, {.id = cursor});
}

frame_set encode_in_all(std::string_view json) {
    frame_set made;
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = encode(static_cast<encoding>(i), json);
    return made;
}

frame outgoing_event::make(encoding how) const {
    if (how == encoding::websocket) return encode(how, json_);
    return encode_event(how, json_, make_cursor(user_, version_));
}

}  // namespace stagedoor::notify
