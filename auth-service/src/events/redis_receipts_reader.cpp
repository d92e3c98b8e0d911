#include "auth-service/src/events/redis_receipts_reader.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "common/core/fence.hpp"
#include "common/core/limits.hpp"

namespace stagedoor::events {
namespace {

using redis::value;

struct named_line {
    std::string socket;
    receipt what;
};

struct hash_content {
    std::vector<named_line> lines;
    instant horizon;
};

std::optional<std::int64_t> read_number(std::string_view text) noexcept {
    std::int64_t number = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (ec != std::errc{}) return std::nullopt;
    return number;
}

// What cannot be read is left out: newer nodes may say more than this one knows.
result<hash_content> read_hash(const value& reply) {
    const auto items = reply.to_array();
    if (!items) return items.error();
    hash_content out;
    for (std::size_t i = 0; i + 1 < items->size(); i += 2) {
        const auto name = (*items)[i].to_text();
        const auto text = (*items)[i + 1].to_text();
        if (!name || !text) return errc::redis_protocol;
        if (*name == receipts_horizon) {
            out.horizon = from_unix_ms(read_number(*text).value_or(0));
        } else if (const auto line = parse_receipt(*text)) {
            out.lines.push_back({std::string{*name}, *line});
        }
    }
    return out;
}

// Of XREVRANGE: the version of the newest entry, 0 for none.
result<std::int64_t> read_top(const value& reply) {
    const auto entries = reply.to_array();
    if (!entries) return entries.error();
    if (entries->empty()) return 0;
    const auto entry = entries->front().to_array();
    if (!entry || entry->empty()) return errc::redis_protocol;
    const auto id = entry->front().to_text();
    if (!id) return id.error();
    return read_number(*id).value_or(0);
}

}  // namespace

runtime::task<result<socket_receipts>> redis_receipts_reader::of(user_id user) {
    std::vector<redis::command> questions;
    questions.emplace_back("HGETALL", keys_.receipts(user));
    questions.emplace_back("XREVRANGE", keys_.events(user), "+", "-", "COUNT", 1);
    questions.emplace_back("GET", keys_.fence());
    auto replies = co_await link_.exchange_all(std::move(questions));
    for (auto& reply : replies) {
        reply = link_.checked(std::move(reply));
        if (!reply) co_return reply.error();
    }
    const auto kept = read_hash(*replies[0]);
    const auto top = read_top(*replies[1]);
    const auto fence_text = replies[2]->to_optional_text();
    if (!kept) co_return kept.error();
    if (!top) co_return top.error();
    if (!fence_text) co_return fence_text.error();

    // Before this life of its data Redis may have known more; and words of old age are gone in any case.
    socket_receipts found;
    found.top = *top;
    found.horizon = std::max(kept->horizon, link_.now() - limits::receipt_ttl);
    if (const auto now = parse_fence(fence_text->value_or(std::string_view{}))) {
        found.horizon = std::max(found.horizon, now->since);
    }

    std::map<std::string, bool> holders;
    for (const auto& line : kept->lines) {
        if (line.what.open) holders.try_emplace(std::string{holder_of(line.socket)}, false);
    }
    std::vector<redis::command> signs;
    for (const auto& [name, lives] : holders) signs.emplace_back("EXISTS", keys_.holder(name));
    const auto alive = co_await link_.exchange_all(std::move(signs));
    std::size_t next = 0;
    for (auto& [name, lives] : holders) {
        const auto sign = link_.checked(alive[next++]);
        if (!sign) co_return sign.error();
        lives = *sign == value{std::int64_t{1}};
    }
    for (const auto& line : kept->lines) {
        const auto holder = holders.find(std::string{holder_of(line.socket)});
        found.lines.push_back({line.what, holder != holders.end() && holder->second});
    }
    co_return found;
}

}  // namespace stagedoor::events
