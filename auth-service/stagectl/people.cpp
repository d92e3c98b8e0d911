#include "auth-service/stagectl/people.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>

#include "auth-service/stagectl/patience.hpp"
#include "auth-service/stagectl/terminal.hpp"
#include "common/core/json.hpp"
#include "common/core/user.hpp"

namespace stagedoor::ctl {
namespace {

// The fields of one record; `text` goes on behind it, `line` counts.
std::vector<std::string> take_record(std::string_view& text, std::size_t& line, const std::string& source) {
    std::vector<std::string> fields(1);
    bool quoted = false;
    std::size_t at = 0;
    const auto began = line;
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '\n') ++line;
        if (quoted) {
            if (c != '"') {
                fields.back() += c;
            } else if (at + 1 < text.size() && text[at + 1] == '"') {
                fields.back() += c;
                ++at;
            } else {
                quoted = false;
            }
        } else if (c == '"' && trim(fields.back()).empty()) {
            fields.back().clear();
            quoted = true;
        } else if (c == ',') {
            fields.emplace_back();
        } else if (c == '\n') {
            ++at;
            break;
        } else {
            fields.back() += c;
        }
    }
    if (quoted) throw failure{exit_code::usage, source + ':' + std::to_string(began) + ": a quote is not closed"};
    text.remove_prefix(at);
    for (auto& field : fields) field = std::string{trim(field)};
    return fields;
}

std::size_t column_of(const std::vector<std::string>& headings, std::string_view name) {
    return static_cast<std::size_t>(std::ranges::find(headings, name) - headings.begin());
}

}  // namespace

std::vector<std::string> read_names(std::string_view text, const std::string& source) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";  // spreadsheets write one
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    std::vector<std::string> names;
    std::size_t line = 1;
    std::size_t column = 0;
    bool first = true;
    while (!text.empty()) {
        const auto here = line;
        const auto fields = take_record(text, line, source);
        if (fields.size() == 1 && (fields[0].empty() || fields[0].starts_with('#'))) continue;
        if (std::exchange(first, false)) {
            const auto by_id = column_of(fields, "id"), by_email = column_of(fields, "email");
            if (by_id < fields.size() || by_email < fields.size()) {
                column = by_id < fields.size() ? by_id : by_email;
                continue;
            }
            if (fields.size() > 1) {
                throw failure{exit_code::usage, source + ":" + std::to_string(here) + ": the first line of CSV has to name a column `email` or `id`"};
            }
        }
        if (column >= fields.size() || fields[column].empty()) {
            throw failure{exit_code::usage, source + ':' + std::to_string(here) + ": nobody is named in this line"};
        }
        names.push_back(fields[column]);
    }
    return names;
}

std::vector<std::string> read_names_from(const std::filesystem::path& file) {
    if (file == "-") return read_names(std::string{std::istreambuf_iterator<char>{std::cin}, {}}, "standard input");
    std::ifstream in{file, std::ios::binary};
    if (!in || std::filesystem::is_directory(file)) throw failure{exit_code::usage, "the file " + file.string() + " cannot be read"};
    return read_names(std::string{std::istreambuf_iterator<char>{in}, {}}, file.string());
}

std::vector<person> find_people(api& server, const std::vector<std::string>& names, std::chrono::milliseconds patience) {
    progress_bar bar{"looking up", names.size()};
    patient_calls calls{server, patience, bar};
    std::vector<person> found;
    std::set<std::string> seen;
    for (const auto& name : names) {
        stop_if_interrupted("interrupted; nothing was done");
        person one{name, {}};
        if (user_id::parse(name)) {
            one.id = name;
        } else if (name.find('@') == std::string::npos) {
            throw failure{exit_code::usage, "'" + name + "' is neither an e-mail nor an id"};
        } else {
            const auto page = calls.get("/api/admin/stage-managers?limit=1&email=" + percent_encoded(name));
            const auto& items = member_of(page.object(), "items").as_array();
            if (!items.empty()) one.id = text_of(items.front().as_object(), "id");
        }
        bar.advance(1);
        if (one.id.empty() || seen.insert(one.id).second) found.push_back(std::move(one));
    }
    return found;
}

std::string find_person(api& server, const std::string& name) {
    const auto found = find_people(server, {name});
    if (found.front().id.empty()) throw failure{exit_code::not_found, "there is no stage manager " + name};
    return found.front().id;
}

}  // namespace stagedoor::ctl
