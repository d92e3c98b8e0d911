#include "notify-service/src/hub/frame.hpp"

namespace stagedoor::notify {

frame encode(encoding how, std::string_view json) {
    switch (how) {
        case encoding::websocket: return ws::make_text_frame(json);
    }
    return {};
}

frame_set encode_in_all(std::string_view json) {
    frame_set made;
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = encode(static_cast<encoding>(i), json);
    return made;
}

frame outgoing_event::make(encoding how) const { return encode(how, json_); }

}  // namespace stagedoor::notify
