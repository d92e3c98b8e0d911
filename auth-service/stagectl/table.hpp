// Columns for people, and the same rows as JSON for scripts.
#pragma once

#include <boost/json/array.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace stagedoor::ctl {

// Columns a terminal gives to `text`, which is UTF-8.
std::size_t columns_of(std::string_view text);

// `text` fit for a terminal: control characters, which may hide or forge lines, are shown as `\u001b`.
std::string printable(std::string_view text);

class table {
public:
    explicit table(std::vector<std::string> headings) : headings_{std::move(headings)} {}

    // As many cells as headings. Outside text goes through printable() here.
    void add(std::vector<std::string> cells);
    std::size_t rows() const noexcept { return rows_.size(); }

    // Aligned, the last column cut to what is left of `width`; 0: not cut.
    std::string text(std::size_t width) const;

private:
    std::vector<std::string> headings_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace stagedoor::ctl
