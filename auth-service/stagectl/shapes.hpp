// What --output json prints, call by call: the manual and the documents have this table, and a test compares it with what is
// printed. A list is an object with `items`, whichever command it comes from.
#pragma once

#include <array>
#include <string_view>

namespace stagedoor::ctl {

struct json_shape {
    std::string_view call;
    std::string_view shape;  // members of the value, and of those in its lists
};

inline constexpr std::array json_shapes{
    json_shape{"login, logout", "{server, account}"},
    json_shape{"list", "{items, more, totals}, items of {id, email, displayName, role, status, version, createdAt}"},
    json_shape{"show", "{user, sessions, history, moreHistory}, user as in list, sessions and history as the items of sessions and audit"},
    json_shape{"approve, reject, reconsider, suspend, reinstate",
               "{action, items, counts, delivery, interrupted, left}, items of {id, who, outcome, userStatus, version, did, by, at, delivery, tabs}"},
    json_shape{"audit", "{items, more}, items of {id, at, action, user, actor, origin, address, tokenId, sessionId, reason, version, before, after, details}"},
    json_shape{"watch", "the items of audit, one on each line"},
    json_shape{"sessions", "{items}, items of {id, createdAt, lastSeenAt, expiresAt, device, address, current}"},
    json_shape{"sessions --end-all, also --end", "{ended}"},
    json_shape{"tokens", "{items}, items of {id, name, scope, owner, createdAt, expiresAt, lastUsedAt, revokedAt}"},
    json_shape{"tokens create", "{token, apiToken}, apiToken as in tokens"},
    json_shape{"tokens revoke", "{revoked}"},
    json_shape{"events ID", "{items}, items of {event, committed, relay, sockets, whyNot}"},
    json_shape{"events", "{items}, items of {userId, eventId, sessionId, committed, parkedReason, attempts}"},
    json_shape{"doctor", "{healthy, checks}, checks of {check, ok, detail, mend}"},
};

}  // namespace stagedoor::ctl
