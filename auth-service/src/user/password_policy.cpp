#include "auth-service/src/user/password_policy.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "auth-service/src/user/common_passwords.hpp"
#include "auth-service/src/user/fold_case.hpp"
#include "common/core/json.hpp"
#include "common/core/limits.hpp"

namespace stagedoor::user {
namespace {

// Words that are known to everybody who sees our pages; longer ones before those that are in them.
constexpr std::array<std::string_view, 6> product_words{"stagemanager", "stagedoor", "manager",
                                                        "stage",        "admin",     "door"};
// Letters that have to be left beside such words: fewer are tried in minutes.
constexpr std::size_t letters_beside_words = 5;
// Local parts shorter than this occur in honest passwords by chance.
constexpr std::size_t telling_local_part = 4;
// How many digits and signs around a common password do not make it another one.
constexpr std::size_t decoration = 4;
// Fewer pieces of like or consecutive characters than this make no password: random ones of eight have seven or eight.
constexpr std::size_t fewest_runs = 3;

// Digits, signs and spaces of ASCII.
bool is_decoration(char c) noexcept { return c >= 0x20 && c < 0x7f && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z'); }

std::string without_decoration(std::string_view text) {
    std::string letters;
    std::ranges::copy_if(text, std::back_inserter(letters), [](char c) { return !is_decoration(c); });
    return letters;
}

bool tells_email(std::string_view folded, std::string_view email) {
    if (email.empty()) return false;
    const auto local = email.substr(0, email.rfind('@'));
    return folded == local || (local.size() >= telling_local_part && folded.find(local) != std::string_view::npos) ||
           folded.find(email) != std::string_view::npos;
}

bool is_made_of_product_words(std::string_view folded) {
    auto left = without_decoration(folded);
    const auto before = left.size();
    for (const auto word : product_words) {
        for (auto at = left.find(word); at != std::string::npos; at = left.find(word)) left.erase(at, word.size());
    }
    return left.size() < before && count_chars(left) < letters_beside_words;
}

// What is repeated from the beginning to the end: of "hellohello" it is "hello". "" when nothing is.
std::string_view repeated_unit(std::string_view text) {
    // Of each beginning: its longest end that is its beginning too.
    std::vector<std::size_t> border(text.size() + 1, 0);
    for (std::size_t i = 1, k = 0; i < text.size(); ++i) {
        while (k > 0 && text[i] != text[k]) k = border[k];
        if (text[i] == text[k]) ++k;
        border[i + 1] = k;
    }
    const auto period = text.size() - border[text.size()];
    return 2 * period <= text.size() ? text.substr(0, period) : std::string_view{};
}

// In how many pieces of like or consecutive characters `text` falls: "aaabcd4321" in three. 0 comes after 9.
std::size_t count_runs(std::string_view text) noexcept {
    const auto step = [&](std::size_t i) {
        const int by = text[i] - text[i - 1];
        const bool wraps = (text[i - 1] == '9' && text[i] == '0') || (text[i - 1] == '0' && text[i] == '9');
        return wraps ? -by / 9 : by;
    };
    std::size_t runs = 0;
    for (std::size_t i = 0; i < text.size();) {
        ++runs;
        ++i;
        const int by = i < text.size() ? step(i) : 0;
        if (by < -1 || by > 1) continue;
        while (i < text.size() && step(i) == by) ++i;
    }
    return runs;
}

// Guessers try these by rule, without a list. Of a few characters every text is one.
bool is_pattern(std::string_view folded) {
    if (count_chars(folded) < limits::password_min_chars) return false;
    const auto unit = repeated_unit(folded);
    const bool repeats = !unit.empty() && (count_chars(unit) < limits::password_min_chars || is_common_password(unit));
    return repeats || count_runs(folded) <= fewest_runs;
}

bool is_guessed_first(std::string_view folded) { return is_common_password(folded) || is_pattern(folded); }

bool is_guessed_with_decoration(std::string_view folded) {
    for (std::size_t front = 0; front <= decoration; ++front) {
        if (front >= folded.size() || (front > 0 && !is_decoration(folded[front - 1]))) return false;
        auto core = folded.substr(front);
        for (std::size_t back = 0; front + back <= decoration && !core.empty(); ++back) {
            if (is_guessed_first(core)) return true;
            if (!is_decoration(core.back())) break;
            core.remove_suffix(1);
        }
    }
    return false;
}

}  // namespace

std::optional<std::string> complaint_about(std::string_view password, std::string_view email) {
    const auto chars = count_chars(password);
    if (chars < limits::password_min_chars) {
        return "has to have at least " + std::to_string(limits::password_min_chars) + " characters";
    }
    if (chars > limits::password_max_chars) {
        return "may have at most " + std::to_string(limits::password_max_chars) + " characters";
    }
    const auto folded = fold_case(password);
    if (tells_email(folded, email)) return "must not contain the e-mail, nor the part of it before the @";
    if (is_made_of_product_words(folded)) return "is made of words that everybody here knows: add some of your own";
    if (is_guessed_with_decoration(folded)) return "is one of those that are guessed first: choose a less common one";
    return std::nullopt;
}

}  // namespace stagedoor::user
