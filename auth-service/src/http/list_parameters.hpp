// The query of a list, read strictly: what is wrong with it is named, all of it at once, and so is what nobody knows.
//
//     auto given = list_parameters::of(request);                       // errc::bad_request
//     query.status = given->take("status", parse_status, "has to be …");
//     query.limit = given->limit();
//     if (!given->finish()) co_return refuse(errc::validation_failed, given->errors());
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/json.hpp"
#include "common/http/request.hpp"

namespace stagedoor::api {

class list_parameters {
public:
    static result<list_parameters> of(const http::request& request);

    // What `parse(string_view)`, which returns an optional, makes of the parameter; nothing, and `complaint` when the
    // parameter is there and cannot be parsed, or is there twice.
    template <class Parse>
    auto take(std::string_view name, Parse parse, std::string_view complaint) -> decltype(parse(std::string_view{})) {
        const auto* const text = find(name);
        if (!text) return std::nullopt;
        auto value = parse(std::string_view{*text});
        if (!value) complain(name, complaint);
        return value;
    }
    // Text of 1 to `max` characters.
    std::optional<std::string> text(std::string_view name, std::size_t max);
    // Entries of a page: 1 to limits::page_max.
    std::size_t limit();

    // For what parameters are wrong together.
    void complain(std::string_view name, std::string_view message);

    // True when nothing is wrong.
    bool finish();
    const std::vector<field_error>& errors() const noexcept { return errors_; }

private:
    explicit list_parameters(http::query given) : given_{std::move(given)} {}
    const std::string* find(std::string_view name);

    http::query given_;
    std::vector<std::string_view> known_;
    std::vector<field_error> errors_;
};

}  // namespace stagedoor::api
