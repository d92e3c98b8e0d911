// request_reader: however the bytes are cut, the same requests come out or the same refusal, within the bounds.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "common/http/request_reader.hpp"

namespace {

using stagedoor::http::request_reader;
using state = request_reader::state;

constexpr request_reader::bounds bounds{.header_bytes = 2'048, .target_bytes = 256, .body_bytes = 1'024};

void require(bool holds) {
    if (!holds) std::abort();
}

void check(const stagedoor::http::request_parts& parts) {
    require(parts.body.size() <= bounds.body_bytes);
    require(parts.fields.size() <= stagedoor::http::header_fields);
    require(!parts.target.path.empty() && parts.target.path.front() == '/');
    for (const auto& field : parts.fields) {
        require(!field.name.empty());
        require(field.value.find_first_of(std::string_view{"\r\n\0", 3}) == std::string_view::npos);
    }
}

std::string describe(const stagedoor::http::request_parts& parts) {
    std::string text{stagedoor::http::to_string(parts.verb)};
    text.append(" ").append(parts.target.path).append("?").append(parts.target.query);
    for (const auto& field : parts.fields) text.append("|").append(field.name).append(":").append(field.value);
    return text.append("|").append(parts.body);
}

std::vector<std::string> read(std::string_view bytes, std::size_t step) {
    request_reader reader{bounds};
    std::vector<std::string> all;
    for (;;) {
        const auto reached = reader.next();
        if (reached == state::complete) {
            check(reader.parts());
            all.push_back(describe(reader.parts()));
            reader.release();
        } else if (reached == state::refused) {
            all.push_back("refused");
            return all;
        } else if (bytes.empty()) {
            return all;
        } else {
            const auto room = reader.prepare();
            require(!room.empty());
            const auto count = std::min({room.size(), bytes.size(), step});
            std::memcpy(room.data(), bytes.data(), count);
            reader.commit(count);
            bytes.remove_prefix(count);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
    const auto whole = read(bytes, bytes.size() + 1);
    require(read(bytes, 1) == whole);
    require(read(bytes, 1 + data[0] % 64) == whole);
    return 0;
}
