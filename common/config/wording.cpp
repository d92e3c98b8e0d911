#include "common/config/wording.hpp"

#include <algorithm>

#include "common/core/json.hpp"

namespace stagedoor::config {
namespace {

constexpr std::size_t quoted_bytes = 160;  // two lines of a terminal: enough to recognise what one has typed

void mask(std::string& text, std::size_t from, std::size_t to) { text.replace(from, to - from, "***"); }

// Levenshtein's distance, where swapping two neighbours counts once.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[a.size()][b.size()];
}

}  // namespace

std::string without_passwords(std::string_view value) {
    std::string text{value};
    // A password may hold any of `:/@`, so that the mask reaches from the first colon to the last @.
    const auto scheme = text.find("://");
    const auto at = text.rfind('@');
    if (scheme != std::string::npos && at != std::string::npos) {
        const auto colon = text.find(':', scheme + 3);
        if (colon != std::string::npos && colon < at) mask(text, colon + 1, at);
    }
    const auto parameter = text.find("password=");
    if (parameter != std::string::npos) {
        const auto from = parameter + std::string_view{"password="}.size();
        mask(text, from, std::min(text.find_first_of("& ", from), text.size()));
    }
    return text;
}

std::string in_quotes(std::string_view value) {
    auto text = without_passwords(value);
    if (text.size() > quoted_bytes) text = text.substr(0, quoted_bytes) + "...";
    std::string out;
    append_json_string(out, text);
    out.front() = out.back() = '\'';
    return out;
}

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
    if (word.size() > 64) return {};
    std::string best;
    std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
    for (const auto& candidate : candidates) {
        const auto d = candidate.starts_with(word) && word.size() >= 3 ? 1 : distance(word, candidate);
        if (d >= best_distance || d >= candidate.size()) continue;
        best_distance = d;
        best = candidate;
    }
    return best;
}

std::string suggestion(std::string_view word, std::span<const std::string> candidates, std::string_view prefix) {
    const auto near = nearest(word, candidates);
    if (near.empty()) return {};
    return std::string{"; did you mean "}.append(prefix).append(near).append("?");
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
    const std::string margin(indent, ' ');
    std::string out;
    std::string line = margin;
    while (!text.empty()) {
        const auto word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        if (word.empty()) continue;
        if (line.size() > indent && line.size() + 1 + word.size() > width) {
            out.append(line).append("\n");
            line = margin;
        }
        line.append(line.size() > indent ? " " : "").append(word);
    }
    return out.append(line).append("\n");
}

}  // namespace stagedoor::config
