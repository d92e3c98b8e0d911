#include "common/core/fence.hpp"

#include <array>
#include <utility>

#include "common/core/parsing.hpp"

namespace stagedoor {
namespace {

constexpr std::array<std::string_view, 4> step_names{"forget", "bury", "send", "fed"};
constexpr std::string_view format = "f1";
constexpr std::string_view nothing = "-";

std::optional<fence_step> parse_step(std::string_view text) noexcept {
    for (std::size_t i = 0; i < step_names.size(); ++i) {
        if (step_names[i] == text) return static_cast<fence_step>(i);
    }
    return std::nullopt;
}

std::string or_nothing(std::string_view text) { return std::string{text.empty() ? nothing : text}; }
std::string unless_nothing(std::string_view text) { return std::string{text == nothing ? std::string_view{} : text}; }

}  // namespace

std::string_view to_string(fence_step step) noexcept { return step_names[static_cast<std::size_t>(step)]; }

std::string format_fence(const fence& what) {
    std::string text{format};
    for (const auto& word : {or_nothing(what.run_id), or_nothing(what.life), std::to_string(what.feed),
                             std::to_string(to_unix_ms(what.since)), std::string{to_string(what.step)},
                             or_nothing(what.walked), std::to_string(what.cursor), or_nothing(what.event)}) {
        text.append(" ").append(word);
    }
    return text;
}

std::optional<fence> parse_fence(std::string_view text) {
    std::array<std::string_view, 9> words;
    for (auto& word : words) {
        word = next_word(text);
        if (word.empty()) return std::nullopt;
    }
    const auto feed = parse_integer(words[3], 0);
    const auto since = parse_integer(words[4], 0);
    const auto step = parse_step(words[5]);
    const auto cursor = parse_integer(words[7], 0);
    if (!text.empty() || words[0] != format || !feed || !since || !step || !cursor) return std::nullopt;
    return fence{unless_nothing(words[1]), unless_nothing(words[2]), *feed,   from_unix_ms(*since), *step,
                 unless_nothing(words[6]), *cursor,                  unless_nothing(words[8])};
}

}  // namespace stagedoor
