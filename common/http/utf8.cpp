#include "common/http/utf8.hpp"

#include <cstring>

namespace stagedoor {

bool utf8_checker::feed(std::string_view bytes) noexcept {
    std::size_t i = 0;
    while (i < bytes.size()) {
        const auto byte = static_cast<std::uint8_t>(bytes[i]);
        if (missing_ > 0) {
            if (byte < low_ || byte > high_) return false;
            low_ = 0x80;
            high_ = 0xbf;
            --missing_;
            ++i;
            continue;
        }
        if (byte < 0x80) {
            // Most text is ASCII: eight bytes at a time.
            std::uint64_t word = 0;
            while (i + sizeof word <= bytes.size()) {
                std::memcpy(&word, bytes.data() + i, sizeof word);
                if ((word & 0x8080808080808080) != 0) break;
                i += sizeof word;
            }
            while (i < bytes.size() && static_cast<std::uint8_t>(bytes[i]) < 0x80) ++i;
            continue;
        }
        // RFC 3629 section 4: the second byte's range depends on the first.
        if (byte >= 0xc2 && byte <= 0xdf) {
            missing_ = 1;
        } else if (byte >= 0xe0 && byte <= 0xef) {
            missing_ = 2;
            if (byte == 0xe0) low_ = 0xa0;
            if (byte == 0xed) high_ = 0x9f;
        } else if (byte >= 0xf0 && byte <= 0xf4) {
            missing_ = 3;
            if (byte == 0xf0) low_ = 0x90;
            if (byte == 0xf4) high_ = 0x8f;
        } else {
            return false;
        }
        ++i;
    }
    return true;
}

}  // namespace stagedoor
