#include "notify-service/src/hub/redis_history.hpp"

#include <charconv>
#include <string_view>
#include <utility>

namespace stagedoor::notify {
namespace {

// One more than a stream holds, so that most reads are not followed by another.
constexpr std::size_t read_entries = limits::stream_entries + 1;

// `<version>-0`: nothing else is ever added to a user's stream (R2).
std::optional<std::int64_t> version_of(std::string_view entry_id) noexcept {
    std::int64_t version = 0;
    const auto* const end = entry_id.data() + entry_id.size();
    const auto [rest, ec] = std::from_chars(entry_id.data(), end, version);
    if (ec != std::errc{} || std::string_view{rest, end} != "-0") return std::nullopt;
    return version;
}

redis::command read_stream(const std::string& stream, std::optional<std::int64_t> from) {
    if (!from) return redis::command{"XREVRANGE", stream, "+", "-", "COUNT", 1};
    return redis::command{"XRANGE", stream, std::to_string(*from) + "-0", "+", "COUNT", read_entries};
}

result<void> add_entry(readout& out, const redis::value& entry) {
    const auto parts = entry.to_array();
    if (!parts || parts->size() != 2) return errc::redis_protocol;
    const auto id = (*parts)[0].to_text();
    const auto fields = (*parts)[1].to_array();
    if (!id || !fields || fields->size() != 2) return errc::redis_protocol;
    const auto version = version_of(*id);
    const auto letter = (*fields)[1].to_text();
    if (!version || !letter) return errc::redis_protocol;
    out.versions.push_back(*version);
    out.letters.emplace_back(*letter);
    return {};
}

result<std::optional<std::int64_t>> parse_next(const redis::value& entries) {
    const auto list = entries.to_array();
    if (!list) return list.error();
    if (list->empty()) return std::optional<std::int64_t>{};
    readout one;
    const auto added = add_entry(one, list->front());
    if (!added) return added.error();
    return std::optional{one.versions.front()};
}

std::optional<std::string> to_owned(std::optional<std::string_view> text) {
    if (!text) return std::nullopt;
    return std::string{*text};
}

result<void> add_session(readout& out, const redis::value& record_and_snapshot) {
    const auto texts = record_and_snapshot.to_array();
    if (!texts) return texts.error();
    if (texts->size() != 2) return errc::redis_protocol;
    const auto record = (*texts)[0].to_optional_text();
    const auto snapshot = (*texts)[1].to_optional_text();
    if (!record || !snapshot) return errc::redis_protocol;
    out.record = to_owned(*record);
    out.snapshot = to_owned(*snapshot);
    return {};
}

}  // namespace

runtime::task<result<readout>> redis_history::read(session::session_ref who, std::optional<std::int64_t> from) {
    std::vector<redis::command> all;
    all.push_back(read_stream(keys_.events(who.user), from));
    all.emplace_back("MGET", keys_.session(who.user, who.session), keys_.user(who.user));
    all.emplace_back("GET", fence_.key());
    auto replies = co_await data_.exchange_all(std::move(all));
    const auto whole = heed_fence(std::move(replies[2]));
    if (!whole) co_return whole.error();
    auto entries = data_.checked(std::move(replies[0]));
    auto texts = data_.checked(std::move(replies[1]));
    if (!entries) co_return entries.error();
    if (!texts) co_return texts.error();
    co_return parse_readout(*entries, *texts);
}

runtime::task<result<std::vector<std::optional<std::int64_t>>>> redis_history::next_after(
    std::vector<head_question> all) {
    std::vector<redis::command> commands;
    commands.reserve(all.size());
    for (const auto& [user, written] : all) {
        // Behind it: mostly nothing, which is the shortest answer there is.
        commands.emplace_back("XRANGE", keys_.events(user), "(" + std::to_string(written) + "-0", "+", "COUNT", 1);
    }
    auto replies = co_await data_.exchange_all(std::move(commands));
    std::vector<std::optional<std::int64_t>> found;
    found.reserve(replies.size());
    for (auto& each : replies) {
        const auto reply = data_.checked(std::move(each));
        if (!reply) co_return reply.error();
        const auto version = parse_next(*reply);
        if (!version) co_return version.error();
        found.push_back(*version);
    }
    co_return found;
}

runtime::task<result<std::vector<readout>>> redis_history::read_sessions(std::vector<session::session_ref> who) {
    std::vector<redis::command> all;
    all.reserve(who.size() + 1);
    for (const auto& each : who) all.emplace_back("MGET", keys_.session(each.user, each.session), keys_.user(each.user));
    all.emplace_back("GET", fence_.key());
    auto replies = co_await data_.exchange_all(std::move(all));
    const auto whole = heed_fence(std::move(replies.back()));
    if (!whole) co_return whole.error();

    std::vector<readout> found;
    found.reserve(who.size());
    for (std::size_t i = 0; i < who.size(); ++i) {
        const auto texts = data_.checked(std::move(replies[i]));
        if (!texts) co_return texts.error();
        auto& each = found.emplace_back();
        const auto added = add_session(each, *texts);
        if (!added) co_return added.error();
    }
    co_return found;
}

result<void> redis_history::heed_fence(result<redis::value> reply) {
    const auto fence = data_.checked(std::move(reply));
    if (!fence) return fence.error();
    const auto text = fence->to_optional_text();
    if (!text) return text.error();
    fence_.note(text->value_or(std::string_view{}));
    if (!fence_.whole()) return errc::redis_unavailable;
    return {};
}

result<readout> parse_readout(const redis::value& entries, const redis::value& record_and_snapshot) {
    readout out;
    const auto list = entries.to_array();
    if (!list) return list.error();
    for (const auto& entry : *list) {
        const auto added = add_entry(out, entry);
        if (!added) return added.error();
    }
    out.full = out.versions.size() >= read_entries;

    const auto added = add_session(out, record_and_snapshot);
    if (!added) return added.error();
    return out;
}

}  // namespace stagedoor::notify
