#include "common/session/session_record.hpp"

#include <charconv>

#include "common/core/secrets.hpp"

namespace stagedoor::session {
namespace {

// Records begin with their format, tombstones with `x1`. Fields follow in the order of the struct, one space between
// them; `-` stands for nothing. What `r1` cannot say is written as `r2`, and all the rest as `r1`: so nodes of versions
// that know no `r2`, at work during an upgrade or put back after it, read nearly every record.
class field_writer {
public:
    explicit field_writer(std::string_view format) : text_{format} { text_.reserve(256); }

    field_writer& add(std::int64_t value) { return add(std::string_view{std::to_string(value)}); }
    field_writer& add(instant at) { return add(to_unix_ms(at)); }
    field_writer& add(const proof_digest& digest) { return add(std::string_view{to_base64url(digest)}); }
    field_writer& add(const std::optional<instant>& at) { return at ? add(*at) : add(std::string_view{"-"}); }
    field_writer& add(const std::optional<told_status>& told, bool with_previous) {
        if (!told) return add(std::string_view{"-"});
        add(to_string(told->status)).add(told->version);
        if (with_previous) add(to_string(told->previous));
        return add(told->at);
    }
    field_writer& add(std::string_view word) {
        text_.append(" ").append(word);
        return *this;
    }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
};

// Reads fields until one is not what it has to be; then stays failed.
class field_reader {
public:
    explicit field_reader(std::string_view text) : rest_{text} {}

    std::string_view word() noexcept {
        const auto space = rest_.find(' ');
        const auto found = rest_.substr(0, space);
        rest_.remove_prefix(space == std::string_view::npos ? rest_.size() : space + 1);
        if (found.empty()) failed_ = true;
        return found;
    }
    template <class Integer = std::int64_t>
    Integer integer() noexcept {
        const auto text = word();
        Integer value{};
        const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (ec != std::errc{} || end != text.data() + text.size()) failed_ = true;
        return value;
    }
    instant time() noexcept { return from_unix_ms(integer()); }
    user_status status() noexcept {
        const auto parsed = parse_status(word());
        if (!parsed) failed_ = true;
        return parsed.value_or(user_status::pending);
    }
    proof_digest digest() noexcept {
        proof_digest bytes{};
        if (!from_base64url(word(), bytes)) failed_ = true;
        return bytes;
    }
    std::optional<instant> optional_time() noexcept {
        if (skip_nothing()) return std::nullopt;
        return time();
    }
    // `previous`: of a format that does not say it.
    std::optional<told_status> told(std::optional<user_status> previous = {}) noexcept {
        if (skip_nothing()) return std::nullopt;
        told_status read;
        read.status = status();
        read.version = integer();
        read.previous = previous ? *previous : status();
        read.at = optional_time();
        return read;
    }
    bool skip_nothing() noexcept {
        if (rest_ != "-" && !rest_.starts_with("- ")) return false;
        word();
        return true;
    }
    bool finished() const noexcept { return !failed_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool failed_ = false;
};

// In `r1`, what was told stands by itself, and was told of the acknowledged status, to the generation itself.
bool fits_first_format(const session_record& record) noexcept {
    const auto& [status, told] = record.acknowledged;
    const bool says_told = !told || (told->previous == status && told->at);
    return says_told && !record.previous_acknowledged.told;
}

}  // namespace

std::string format_record(const session_record& record) {
    const bool first_format = fits_first_format(record);
    field_writer out{first_format ? "r1" : "r2"};
    out.add(record.epoch).add(std::int64_t{record.generation});
    out.add(std::int64_t{record.key_id}).add(std::int64_t{record.previous_key_id});
    out.add(record.created_at).add(record.last_seen_at).add(record.expires_at);
    out.add(record.first_used_at).add(std::int64_t{record.predecessor_dead});
    out.add(to_string(record.acknowledged.status)).add(to_string(record.previous_acknowledged.status));
    out.add(record.acknowledged.told, !first_format);
    if (!first_format) out.add(record.previous_acknowledged.told, true);
    out.add(record.proof).add(record.previous_proof);
    return out.take();
}

std::string format_tombstone(const tombstone& ended) {
    return field_writer{"x1"}.add(problem_of(ended.reason).code).add(ended.ended_at).take();
}

result<std::variant<session_record, tombstone>> parse_record(std::string_view text) {
    field_reader in{text};
    const auto format = in.word();
    if (format == "x1") {
        const tombstone ended{end_reason_of(in.word()), in.time()};
        if (!in.finished()) return errc::redis_protocol;
        return ended;
    }
    if (format != "r1" && format != "r2") return errc::redis_protocol;

    session_record record;
    record.epoch = in.integer();
    record.generation = in.integer<std::uint32_t>();
    record.key_id = in.integer<std::uint8_t>();
    record.previous_key_id = in.integer<std::uint8_t>();
    record.created_at = in.time();
    record.last_seen_at = in.time();
    record.expires_at = in.time();
    record.first_used_at = in.optional_time();
    record.predecessor_dead = in.integer<int>() != 0;
    record.acknowledged.status = in.status();
    record.previous_acknowledged.status = in.status();
    if (format == "r1") {
        record.acknowledged.told = in.told(record.acknowledged.status);
    } else {
        record.acknowledged.told = in.told();
        record.previous_acknowledged.told = in.told();
    }
    record.proof = in.digest();
    record.previous_proof = in.digest();
    if (!in.finished()) return errc::redis_protocol;
    return record;
}

}  // namespace stagedoor::session
