#include "auth-service/stagectl/people.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <set>

#include "auth-service/stagectl/csv.hpp"
#include "auth-service/stagectl/patience.hpp"
#include "auth-service/stagectl/terminal.hpp"
#include "common/core/json.hpp"
#include "common/core/user.hpp"

namespace stagedoor::ctl {
namespace {

constexpr std::array separators{',', ';', '\t'};  // of spreadsheets, by the country that they are set up for
constexpr std::string_view separator_hint = "sep=";  // a first line that Excel writes and reads
// The heading of an id is taken first: it stays what it is when an e-mail changes. `list` itself writes the second one.
constexpr std::array<std::string_view, 3> headings{"id", "email", "e-mail"};

bool same_word(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// Where the names are, in a line of headings; nothing: it is no such line.
std::optional<std::size_t> name_column(const std::vector<std::string>& fields) {
    for (const auto heading : headings) {
        const auto found = std::ranges::find_if(fields, [&](const auto& field) { return same_word(field, heading); });
        if (found != fields.end()) return static_cast<std::size_t>(found - fields.begin());
    }
    return std::nullopt;
}

bool is_empty(const std::vector<std::string>& fields) {
    return std::ranges::all_of(fields, [](const auto& field) { return field.empty(); });
}

// A heading may begin with it as well: "#" numbers the lines of many a spreadsheet.
bool is_comment(const std::vector<std::string>& fields) { return fields[0].starts_with('#') && !name_column(fields); }

bool is_hint(const std::vector<std::string>& fields) { return same_word(fields[0], separator_hint); }

// The headings as read with that separator, or the first line that says something.
std::vector<std::string> first_record(std::string_view text, const std::string& source, char separator) {
    csv_reader records{text, source, separator};
    while (!records.at_end()) {
        auto fields = records.next();
        if (!is_empty(fields) && !is_comment(fields)) return fields;
    }
    return {};
}

// The separator that the text names, or by which its first line names a column; without any, a comma.
char separator_of(std::string_view text, const std::string& source) {
    const auto hinted = without_byte_order_mark(text);
    if (hinted.size() > separator_hint.size() && same_word(hinted.substr(0, separator_hint.size()), separator_hint)) {
        return hinted[separator_hint.size()];
    }
    for (const char each : separators) {
        try {
            if (name_column(first_record(text, source, each))) return each;
        } catch (const failure&) {
            continue;  // by another one it may be well formed
        }
    }
    return separators.front();
}

void refuse_utf_16(std::string_view text, const std::string& source) {
    if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
        throw failure{exit_code::usage, source + " is UTF-16: save it as UTF-8 (in a spreadsheet: \"CSV UTF-8\")"};
    }
}

bool could_be_email(std::string_view text) { return text.find('@') != std::string_view::npos; }

[[noreturn]] void refuse_name(const written_name& name, const std::string& why) {
    throw failure{exit_code::usage, (name.where.empty() ? "" : name.where + ": ") + '\'' + name.text + "' " + why};
}

// Of whatever role; nothing: there is nobody. `get` is how the server is asked.
template <class Get>
std::optional<boost::json::object> look_up(const Get& get, std::string_view by, const std::string& value) {
    const auto page = get("/api/admin/users?" + std::string{by} + '=' + percent_encoded(value));
    const auto& items = member_of(page.object(), "items").as_array();
    if (items.empty()) return std::nullopt;
    return items.front().as_object();
}

// "" for whoever is no stage manager, too.
std::string id_of(patient_calls& calls, const written_name& name) {
    try {
        const auto user = look_up([&](const std::string& path) { return calls.get(path); }, "email", name.text);
        return user && text_of(*user, "role") == "stage_manager" ? text_of(*user, "id") : std::string{};
    } catch (const failure& why) {
        if (why.code() == exit_code::usage) refuse_name(name, "is no e-mail address");
        throw;
    }
}

}  // namespace

std::vector<written_name> read_names(std::string_view text, const std::string& source) {
    refuse_utf_16(text, source);
    std::vector<written_name> names;
    csv_reader records{text, source, separator_of(text, source)};
    std::optional<std::size_t> column;  // of the headings; before them, or without any: nothing
    while (!records.at_end()) {
        const auto fields = records.next();
        if (is_empty(fields) || is_hint(fields)) continue;
        if ((!column || fields.size() == 1) && is_comment(fields)) continue;
        if (names.empty() && !column) {
            column = name_column(fields);
            if (column) continue;
            if (fields.size() > 1) {
                throw failure{exit_code::usage, records.where() + ": the first line of CSV has to name a column `email` or `id`"};
            }
        }
        const auto at = column.value_or(0);
        if (at >= fields.size() || fields[at].empty()) {
            throw failure{exit_code::usage, records.where() + ": nobody is named in this line"};
        }
        names.push_back({fields[at], records.where()});
    }
    return names;
}

std::vector<written_name> read_names_from(const std::filesystem::path& file) {
    if (file == "-") return read_names(std::string{std::istreambuf_iterator<char>{std::cin}, {}}, "standard input");
    std::ifstream in{file, std::ios::binary};
    if (!in || std::filesystem::is_directory(file)) throw failure{exit_code::usage, "the file " + file.string() + " cannot be read"};
    return read_names(std::string{std::istreambuf_iterator<char>{in}, {}}, file.string());
}

std::vector<person> find_people(api& server, const std::vector<written_name>& names, std::chrono::milliseconds patience) {
    for (const auto& name : names) {  // all of them before the first is looked up
        if (!user_id::parse(name.text) && !could_be_email(name.text)) refuse_name(name, "is neither an e-mail nor an id");
    }
    progress_bar bar{"looking up", names.size()};
    patient_calls calls{server, patience, bar};
    std::vector<person> found;
    std::set<std::string> seen;
    for (const auto& name : names) {
        stop_if_interrupted("interrupted; nothing was done");
        const auto id = user_id::parse(name.text);
        person one{name.text, id ? id->text() : id_of(calls, name)};
        bar.advance(1);
        if (one.id.empty() || seen.insert(one.id).second) found.push_back(std::move(one));
    }
    return found;
}

boost::json::object find_user(api& server, const std::string& name) {
    const bool is_id = user_id::parse(name).has_value();
    if (!is_id && !could_be_email(name)) refuse_name({name, {}}, "is neither an e-mail nor an id");
    auto user = look_up([&](const std::string& path) { return server.get(path); }, is_id ? "id" : "email", name);
    if (!user) throw failure{exit_code::not_found, "there is nobody called " + name};
    return std::move(*user);
}

std::string find_user_id(api& server, const std::string& name) {
    const auto id = user_id::parse(name);
    return id ? id->text() : text_of(find_user(server, name), "id");
}

}  // namespace stagedoor::ctl
