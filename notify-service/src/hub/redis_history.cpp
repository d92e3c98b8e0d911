#include "notify-service/src/hub/redis_history.hpp"

#include <charconv>
#include <string_view>
#include <utility>

#include "common/core/admin_event.hpp"

namespace stagedoor::notify {
namespace {

// One more than a stream holds, so that most reads are not followed by another.
constexpr std::size_t read_entries = limits::stream_entries + 1;
// A part of the admins' stream: what a socket's queue takes in one go.
constexpr std::size_t admin_read_entries = 128;

// `<number>-0`: nothing else is ever added to these streams (R2, R3).
std::optional<std::int64_t> number_of(std::string_view entry_id) noexcept {
    std::int64_t number = 0;
    const auto* const end = entry_id.data() + entry_id.size();
    const auto [rest, ec] = std::from_chars(entry_id.data(), end, number);
    if (ec != std::errc{} || std::string_view{rest, end} != "-0") return std::nullopt;
    return number;
}

redis::command read_stream(const std::string& stream, std::optional<std::int64_t> from, std::size_t most) {
    if (!from) return redis::command{"XREVRANGE", stream, "+", "-", "COUNT", 1};
    return redis::command{"XRANGE", stream, std::to_string(*from) + "-0", "+", "COUNT", most};
}

// The entries of a stream: their numbers, and their letters.
result<void> read_entries_of(const redis::value& reply, std::vector<std::int64_t>& numbers,
                             std::vector<std::string>& letters) {
    const auto entries = reply.to_array();
    if (!entries) return entries.error();
    for (const auto& entry : *entries) {
        const auto parts = entry.to_array();
        if (!parts || parts->size() != 2) return errc::redis_protocol;
        const auto id = (*parts)[0].to_text();
        const auto fields = (*parts)[1].to_array();
        if (!id || !fields || fields->size() != 2) return errc::redis_protocol;
        const auto number = number_of(*id);
        const auto letter = (*fields)[1].to_text();
        if (!number || !letter) return errc::redis_protocol;
        numbers.push_back(*number);
        letters.emplace_back(*letter);
    }
    return {};
}

result<std::optional<std::int64_t>> parse_next(const redis::value& entries) {
    const auto list = entries.to_array();
    if (!list) return list.error();
    if (list->empty()) return std::optional<std::int64_t>{};
    std::vector<std::int64_t> versions;
    std::vector<std::string> letters;
    const auto added = read_entries_of(entries, versions, letters);
    if (!added) return added.error();
    return std::optional{versions.front()};
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

runtime::task<result<readout>> redis_history::read(session::session_ref who, read_request what) {
    std::vector<redis::command> all;
    all.push_back(read_stream(keys_.events(who.user), what.own.from, read_entries));
    if (what.admins) all.push_back(read_stream(keys_.admin_events(), what.admins->from, admin_read_entries));
    all.emplace_back("MGET", keys_.session(who.user, who.session), keys_.user(who.user));
    all.emplace_back("GET", fence_.key());
    auto replies = co_await data_.exchange_all(std::move(all));
    const auto whole = heed_fence(std::move(replies.back()));
    if (!whole) co_return whole.error();
    auto entries = data_.checked(std::move(replies[0]));
    auto texts = data_.checked(std::move(replies[replies.size() - 2]));
    if (!entries) co_return entries.error();
    if (!texts) co_return texts.error();
    auto found = parse_readout(*entries, *texts);
    if (!found || !what.admins) co_return found;
    auto of_admins = data_.checked(std::move(replies[1]));
    if (!of_admins) co_return of_admins.error();
    auto admins = parse_admin_readout(*of_admins);
    if (!admins) co_return admins.error();
    found->admins = *std::move(admins);
    co_return found;
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
        const auto version = reply ? parse_next(*reply) : reply.error();
        if (!version && to_errc(version.error()) != errc::redis_protocol) co_return version.error();
        // Something else in the place of one user's stream is nothing to the others.
        if (!version) counts_.unreadable.add();
        found.push_back(version ? *version : std::nullopt);
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
    const auto read = read_entries_of(entries, out.versions, out.letters);
    if (!read) return read.error();
    out.full = out.versions.size() >= read_entries;

    const auto added = add_session(out, record_and_snapshot);
    if (!added) return added.error();
    return out;
}

result<admin_readout> parse_admin_readout(const redis::value& entries) {
    admin_readout out;
    const auto added = read_entries_of(entries, out.numbers, out.letters);
    if (!added) return added.error();
    out.full = out.numbers.size() >= admin_read_entries;
    for (std::size_t i = 0; i < out.letters.size(); ++i) {
        const auto letter = parse_admin_letter(out.letters[i]);
        const bool fits = letter && letter->number == out.numbers[i] && (i == 0 || letter->incarnation == out.incarnation);
        if (!fits) return errc::redis_protocol;
        if (i == 0) out.incarnation = letter->incarnation;
    }
    return out;
}

}  // namespace stagedoor::notify
