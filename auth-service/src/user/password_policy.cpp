#include "auth-service/src/user/password_policy.hpp"

#include <algorithm>
#include <array>

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

bool is_common_with_decoration(std::string_view folded) {
    for (std::size_t front = 0; front <= decoration; ++front) {
        if (front >= folded.size() || (front > 0 && !is_decoration(folded[front - 1]))) return false;
        auto core = folded.substr(front);
        for (std::size_t back = 0; front + back <= decoration && !core.empty(); ++back) {
            if (is_common_password(core)) return true;
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
    if (is_common_with_decoration(folded)) return "is one of those that are guessed first: choose a less common one";
    return std::nullopt;
}

}  // namespace stagedoor::user
