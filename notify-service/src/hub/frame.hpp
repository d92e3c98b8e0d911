// One frame for many sockets: made once per event, shared by all that it is written to, never changed.
#pragma once

#include "common/ws/shared_frame.hpp"

namespace stagedoor::notify {

using frame = ws::shared_frame;

}  // namespace stagedoor::notify
