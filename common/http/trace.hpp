// Names for requests: our own request id, and the W3C trace context (https://www.w3.org/TR/trace-context/).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stagedoor::http {

// Draws ids that need to be unique, not secret. One per shard; not thread-safe.
class id_source {
public:
    id_source();  // seeded by the system
    std::uint64_t next() noexcept;

private:
    std::array<std::uint64_t, 4> state_;
};

// 16 lower-case hex digits.
class request_id {
public:
    explicit request_id(std::uint64_t number) noexcept;
    std::string_view text() const noexcept { return {text_.data(), text_.size()}; }

private:
    std::array<char, 16> text_;
};

// Where a request stands in a distributed trace.
class trace_context {
public:
    // Version 00, or a later one whose beginning reads like it; ids of zeros are not valid.
    static std::optional<trace_context> parse(std::string_view traceparent) noexcept;
    // A new trace, not sampled.
    static trace_context make(id_source& ids) noexcept;

    std::string_view trace_id() const noexcept { return {text_.data(), 32}; }        // 32 lower-case hex digits
    std::string_view parent_id() const noexcept { return {text_.data() + 32, 16}; }  // 16; of the caller's span
    bool sampled() const noexcept { return sampled_; }

private:
    std::array<char, 48> text_{};
    bool sampled_ = false;
};

}  // namespace stagedoor::http
