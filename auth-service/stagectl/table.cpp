#include "auth-service/stagectl/table.hpp"

#include <algorithm>
#include <cwchar>

#include "auth-service/stagectl/terminal.hpp"


namespace stagedoor::ctl {
namespace {

struct code_point {
    char32_t value;
    std::size_t bytes;
};

code_point first_of(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t wanted = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const auto bytes = std::min(wanted, text.size());
    auto value = static_cast<char32_t>(wanted == 1 ? lead : lead & (0x7fU >> wanted));
    for (std::size_t i = 1; i < bytes; ++i) value = (value << 6) | (static_cast<unsigned char>(text[i]) & 0x3fU);
    return {value, bytes};
}

std::string cut_to(std::string_view text, std::size_t columns) {
    if (columns_of(text) <= columns) return std::string{text};
    std::string out;
    std::size_t used = 1;  // for the ellipsis
    while (!text.empty()) {
        const auto next = first_of(text);
        const auto width = columns_of(text.substr(0, next.bytes));
        if (used + width > columns) break;
        used += width;
        out += text.substr(0, next.bytes);
        text.remove_prefix(next.bytes);
    }
    return out + "…";
}

}  // namespace

std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    while (!text.empty()) {
        const auto next = first_of(text);
        const int width = ::wcwidth(static_cast<wchar_t>(next.value));
        columns += static_cast<std::size_t>(std::max(width, 0));
        text.remove_prefix(next.bytes);
    }
    return columns;
}

std::string printable(std::string_view text) {
    static constexpr std::string_view hex = "0123456789abcdef";
    std::string out;
    while (!text.empty()) {
        const auto next = first_of(text);
        const auto value = next.value;
        // Also what changes the direction of the text around it (UAX 9).
        const bool hidden = value < 0x20 || (value >= 0x7f && value < 0xa0) || (value >= 0x200e && value <= 0x200f) ||
                            (value >= 0x202a && value <= 0x202e) || (value >= 0x2066 && value <= 0x2069);
        if (hidden) {
            out += "\\u";
            for (int shift = 12; shift >= 0; shift -= 4) out += hex[(value >> shift) & 15];
        } else {
            out += text.substr(0, next.bytes);
        }
        text.remove_prefix(next.bytes);
    }
    return out;
}

void table::add(std::vector<std::string> cells) {
    for (auto& cell : cells) cell = printable(cell);
    cells.resize(headings_.size());
    rows_.push_back(std::move(cells));
}

std::string table::text(std::size_t width) const {
    std::vector<std::size_t> widest;
    for (std::size_t i = 0; i < headings_.size(); ++i) {
        auto columns = columns_of(headings_[i]);
        for (const auto& row : rows_) columns = std::max(columns, columns_of(row[i]));
        widest.push_back(columns);
    }
    const auto line_of = [&](const std::vector<std::string>& cells) {
        std::string line;
        std::size_t used = 0;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const bool last = i + 1 == cells.size();
            if (last) {
                line += width > used + 8 ? cut_to(cells[i], width - used) : cells[i];
            } else {
                line += cells[i] + std::string(widest[i] - columns_of(cells[i]) + 2, ' ');
                used += widest[i] + 2;
            }
        }
        return line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
    };
    auto out = painted(paint::bold, line_of(headings_));
    for (const auto& row : rows_) out += line_of(row);
    return out;
}

}  // namespace stagedoor::ctl
