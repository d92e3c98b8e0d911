#include "common/core/receipt.hpp"

#include <algorithm>
#include <charconv>

namespace stagedoor {
namespace {

void append_number(std::string& out, std::int64_t number) {
    char digits[24];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

std::optional<std::int64_t> read_number(std::string_view& rest) noexcept {
    std::int64_t number = 0;
    const auto* const last = rest.data() + rest.size();
    const auto [end, ec] = std::from_chars(rest.data(), last, number);
    if (ec != std::errc{} || number < 0 || (end != last && *end != ' ')) return std::nullopt;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()) + (end != last ? 1 : 0));
    return number;
}

}  // namespace

std::string socket_name(std::string_view node, std::size_t shard, std::uint64_t n) {
    std::string name{node};
    return name.append(".").append(std::to_string(shard)).append(".").append(std::to_string(n));
}

std::string_view holder_of(std::string_view socket) noexcept {
    if (std::ranges::count(socket, '.') != 2) return {};
    return socket.substr(0, socket.rfind('.'));
}

void append_receipt(std::string& out, const receipt& what) {
    out.append(what.ended != 0 ? "e " : what.open ? "o " : "c ").append(what.acknowledges ? "w" : "s");
    const auto append = [&out](std::int64_t number) {
        out.append(" ");
        append_number(out, number);
    };
    append(what.after);
    append(what.written);
    append(what.acknowledged);
    if (what.ended != 0) append(what.ended);
    append(to_unix_ms(what.at));
}

std::string format_receipt(const receipt& what) {
    std::string out;
    append_receipt(out, what);
    return out;
}

std::optional<receipt> parse_receipt(std::string_view text) noexcept {
    if (text.size() < 4 || text[1] != ' ' || text[3] != ' ' || text.back() == ' ') return std::nullopt;
    const char state = text[0], kind = text[2];
    if ((state != 'o' && state != 'c' && state != 'e') || (kind != 'w' && kind != 's')) return std::nullopt;
    auto rest = text.substr(4);
    const auto after = read_number(rest);
    const auto written = after ? read_number(rest) : after;
    const auto acknowledged = written ? read_number(rest) : written;
    const auto ended = acknowledged && state == 'e' ? read_number(rest) : std::optional<std::int64_t>{0};
    const auto at = acknowledged && ended ? read_number(rest) : std::nullopt;
    if (!at || !rest.empty() || (state == 'e' && *ended == 0)) return std::nullopt;
    return receipt{state == 'o', kind == 'w', *after, *written, *acknowledged, from_unix_ms(*at), *ended};
}

}  // namespace stagedoor
