// Records of CSV (RFC 4180), one after the other. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stagedoor::ctl {

// Spreadsheets write one.
std::string_view without_byte_order_mark(std::string_view text) noexcept;

class csv_reader {
public:
    // `source` names the text in complaints. A byte order mark is passed over. Between fields is `separator`.
    csv_reader(std::string_view text, std::string source, char separator);

    bool at_end() const noexcept { return text_.empty(); }
    // The fields of the next record, without the spaces around them. failure usage: a quote is not closed, or there is
    // text behind it.
    std::vector<std::string> next();
    // Where the record that came last began: `people.csv:3`.
    std::string where() const { return source_ + ':' + std::to_string(began_); }

private:
    std::string_view text_;
    std::string source_;
    char separator_;
    std::size_t line_ = 1;
    std::size_t began_ = 1;
};

}  // namespace stagedoor::ctl
