// Gives bytes to a request_reader in pieces; for tests.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "common/core/limits.hpp"
#include "common/http/request_reader.hpp"

namespace stagedoor::tests {

inline constexpr http::request_reader::bounds usual_bounds{limits::http_header_bytes, limits::http_target_bytes,
                                                           limits::http_body_bytes};

inline void give(http::request_reader& reader, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto room = reader.prepare();
        const auto count = std::min(room.size(), bytes.size());
        std::memcpy(room.data(), bytes.data(), count);
        reader.commit(count);
        bytes.remove_prefix(count);
    }
}

// Gives the bytes in pieces of `step` until they are used up or the reader has come to a verdict.
inline http::request_reader::state read(http::request_reader& reader, std::string_view bytes, std::size_t step) {
    auto reached = reader.next();
    while (reached == http::request_reader::state::need_more && !bytes.empty()) {
        const auto piece = bytes.substr(0, std::min(step, reader.prepare().size()));
        give(reader, piece);
        bytes.remove_prefix(piece.size());
        reached = reader.next();
    }
    return reached;
}

}  // namespace stagedoor::tests
