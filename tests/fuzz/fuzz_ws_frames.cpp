// frame_reader: however the bytes are cut, the same things happen, none of them outside the rules.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "common/http/utf8.hpp"
#include "common/ws/frame_reader.hpp"

namespace {

using stagedoor::ws::frame_reader;
using kind = frame_reader::event::kind;

constexpr std::size_t limit = 4'096;

struct seen {
    kind what;
    std::uint16_t code;
    std::string payload;
    friend bool operator==(const seen&, const seen&) = default;
};

void require(bool holds) {
    if (!holds) std::abort();
}

void check(const seen& each) {
    using stagedoor::is_utf8;
    switch (each.what) {
        case kind::need_more: require(false); break;
        case kind::text: require(each.payload.size() <= limit && is_utf8(each.payload)); break;
        case kind::binary: require(each.payload.size() <= limit); break;
        case kind::ping:
        case kind::pong: require(each.payload.size() <= stagedoor::ws::control_bytes); break;
        case kind::close:
            require(is_utf8(each.payload));
            require(each.code == stagedoor::ws::closing::none_given || stagedoor::ws::is_close_code(each.code));
            break;
        case kind::failed: require(each.code == 1002 || each.code == 1007 || each.code == 1009); break;
    }
}

std::vector<seen> read(std::string bytes, std::size_t step) {
    frame_reader reader{limit};
    std::vector<seen> all;
    bool over = false;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        std::span<char> slice{bytes.data() + at, std::min(step, bytes.size() - at)};
        for (;;) {
            const auto happened = reader.next(slice);
            if (happened.what == kind::need_more) break;
            require(!over);
            // Why it failed is a sentence of ours.
            const bool failed = happened.what == kind::failed;
            all.push_back({happened.what, happened.code, failed ? std::string{} : std::string{happened.payload}});
            check(all.back());
            over = failed || happened.what == kind::close;
        }
        require(slice.empty());
    }
    return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto whole = read(bytes, bytes.size() + 1);
    require(read(bytes, 1) == whole);
    require(read(bytes, 1 + data[0] % 64) == whole);
    return 0;
}
