// ASCII letters in lower case, all other bytes as they are: for comparing, never for what is stored or hashed.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace stagedoor::user {

inline std::string fold_case(std::string_view text) {
    std::string folded{text};
    std::ranges::transform(folded, folded.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return folded;
}

}  // namespace stagedoor::user
