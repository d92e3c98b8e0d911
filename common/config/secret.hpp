// A value that is never printed: no operator<<, no conversion to text, wiped when it goes.
#pragma once

#include <string>
#include <string_view>

#include "common/core/secrets.hpp"

namespace stagedoor::config {

class secret {
public:
    secret() = default;
    explicit secret(std::string_view text) : text_{text} {}
    secret(const secret&) = default;
    secret& operator=(const secret& other) {
        if (this != &other) {
            wipe(text_);
            text_ = other.text_;
        }
        return *this;
    }
    ~secret() { wipe(text_); }

    bool empty() const noexcept { return text_.empty(); }
    // Named so that every place that takes the text out of its cover can be found.
    const std::string& reveal() const noexcept { return text_; }

private:
    std::string text_;
};

}  // namespace stagedoor::config
