#include "notify-service/src/hub/stream_block.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace stagedoor::notify {
namespace {

constexpr std::size_t usual_fields = 64;  // an id, a retry, `data: `

void append_retry(std::string& out, std::chrono::milliseconds retry) {
    out.append("retry: ").append(std::to_string(retry.count())).append("\n");
}

}  // namespace

std::string make_block(std::string_view json, const stream_fields& beside) {
    std::string out;
    out.reserve(json.size() + usual_fields);
    if (!beside.id.empty()) out.append("id: ").append(beside.id).append("\n");
    if (beside.retry) append_retry(out, *beside.retry);
    out.append("data: ");
    const auto begin = static_cast<std::ptrdiff_t>(out.size());
    out.append(json);
    std::replace_if(out.begin() + begin, out.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    out.append("\n\n");
    return out;
}

std::string make_retry(std::chrono::milliseconds retry) {
    std::string out;
    append_retry(out, retry);
    out.append("\n");
    return out;
}

std::string make_chunk(std::string_view bytes) {
    std::array<char, 16> digits;
    const auto [end, ec] = std::to_chars(digits.data(), digits.data() + digits.size(), bytes.size(), 16);
    std::string out;
    out.reserve(bytes.size() + digits.size());
    out.append(digits.data(), end).append("\r\n").append(bytes).append("\r\n");
    return out;
}

}  // namespace stagedoor::notify
