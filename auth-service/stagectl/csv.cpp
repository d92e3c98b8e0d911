#include "auth-service/stagectl/csv.hpp"

#include "auth-service/stagectl/failure.hpp"
#include "common/core/json.hpp"

namespace stagedoor::ctl {

std::string_view without_byte_order_mark(std::string_view text) noexcept {
    constexpr std::string_view mark = "\xef\xbb\xbf";
    return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

csv_reader::csv_reader(std::string_view text, std::string source, char separator)
    : text_{without_byte_order_mark(text)}, source_{std::move(source)}, separator_{separator} {}

std::vector<std::string> csv_reader::next() {
    enum class place { plain, quoted, behind_quote };
    std::vector<std::string> fields(1);
    auto in = place::plain;
    std::size_t at = 0;
    began_ = line_;
    for (; at < text_.size(); ++at) {
        const char c = text_[at];
        if (c == '\n') ++line_;
        if (in == place::quoted) {
            if (c != '"') {
                fields.back() += c;
            } else if (at + 1 < text_.size() && text_[at + 1] == '"') {
                fields.back() += text_[at++];
            } else {
                in = place::behind_quote;
            }
        } else if (c == '\n') {
            ++at;
            break;
        } else if (c == separator_) {
            fields.emplace_back();
            in = place::plain;
        } else if (c == '"' && in == place::plain && trim(fields.back()).empty()) {
            fields.back().clear();
            in = place::quoted;
        } else if (in == place::plain) {
            fields.back() += c;
        } else if (!trim(std::string_view{&c, 1}).empty()) {
            throw failure{exit_code::usage, where() + ": there is text behind a closing quote"};
        }
    }
    if (in == place::quoted) throw failure{exit_code::usage, where() + ": a quote is not closed"};
    text_.remove_prefix(at);
    for (auto& field : fields) field = std::string{trim(field)};
    return fields;
}

}  // namespace stagedoor::ctl
