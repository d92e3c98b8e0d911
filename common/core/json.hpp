// JSON at the edge: strings written safely, bodies read strictly. Every complaint names its field.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/errc.hpp"

namespace stagedoor {

// Appends `text` in quotes, escaped by RFC 8259 section 7. `text` is UTF-8.
void append_json_string(std::string& out, std::string_view text);

// Unicode code points in `text`, which is UTF-8.
std::size_t count_chars(std::string_view text) noexcept;

// True when `text` holds a C0 or C1 control character or DEL. `text` is UTF-8.
bool has_control_chars(std::string_view text) noexcept;

std::string_view trim(std::string_view text) noexcept;

struct field_error {
    std::string field;
    std::string message;
};

// Reads one JSON object and collects what is wrong with it, so that a client hears of all its mistakes at once.
//
//     auto body = body_reader::parse(request.body());       // errc::malformed_json
//     const auto email = body->text("email", {1, 254});
//     if (!body->finish()) … body->errors()
class body_reader {
public:
    // An empty text is the empty object. errc::malformed_json: not JSON, not UTF-8, nested too deeply, no object.
    static result<body_reader> parse(std::string_view text);

    // In Unicode code points, both inclusive.
    struct bounds {
        std::size_t min = 0;
        std::size_t max = 0;
    };

    // A string member within its bounds; "" and a complaint otherwise.
    std::string text(std::string_view name, bounds chars);
    // As `text`, but may be absent or null.
    std::optional<std::string> optional_text(std::string_view name, bounds chars);
    std::optional<std::int64_t> optional_integer(std::string_view name);

    // An array of strings, of at most `most`; nothing and a complaint otherwise. They live as long as this reader.
    std::optional<std::vector<std::string_view>> texts(std::string_view name, std::size_t most);
    // An array of integers, of at most `most`, which may be absent or null; nothing then, and for anything else.
    std::optional<std::vector<std::int64_t>> optional_integers(std::string_view name, std::size_t most);

    void complain(std::string_view name, std::string_view message);

    // True when nothing is wrong. Members that nobody asked for are complaints.
    bool finish();
    const std::vector<field_error>& errors() const noexcept { return errors_; }

private:
    explicit body_reader(boost::json::object object) : object_{std::move(object)} {}
    const boost::json::value* take(std::string_view name);

    boost::json::object object_;
    std::vector<std::string_view> known_;
    std::vector<field_error> errors_;
};

}  // namespace stagedoor
