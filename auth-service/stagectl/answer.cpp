#include "auth-service/stagectl/answer.hpp"

namespace stagedoor::ctl {

namespace json = boost::json;

const json::object& answer::object() const {
    const auto* const whole = body.if_object();
    if (!whole) throw failure{exit_code::not_understood, "the server's answer is not one that this version understands"};
    return *whole;
}

std::string answer::problem_code() const {
    const auto* const problem = body.if_object();
    return problem ? optional_text_of(*problem, "code") : std::string{};
}

const json::value& member_of(const json::object& from, std::string_view name) {
    const auto* const value = from.if_contains(name);
    if (value) return *value;
    throw failure{exit_code::not_understood,
                  "the server's answer lacks `" + std::string{name} + "`: is it of another version? `stagectl doctor` compares"};
}

std::string text_of(const json::object& from, std::string_view name) {
    const auto* const text = member_of(from, name).if_string();
    if (text) return std::string{*text};
    throw failure{exit_code::not_understood, "`" + std::string{name} + "` in the server's answer is no text"};
}

std::int64_t number_of(const json::object& from, std::string_view name) {
    const auto* const number = member_of(from, name).if_int64();
    if (number) return *number;
    throw failure{exit_code::not_understood, "`" + std::string{name} + "` in the server's answer is no number"};
}

std::string optional_text_of(const json::object& from, std::string_view name) {
    const auto* const value = from.if_contains(name);
    const auto* const text = value ? value->if_string() : nullptr;
    return text ? std::string{*text} : std::string{};
}

std::string detail_of(const answer& problem) {
    const auto& told = problem.object();
    auto detail = optional_text_of(told, "detail");
    if (detail.empty()) detail = optional_text_of(told, "title");
    if (const auto* const errors = told.if_contains("errors"); errors && errors->is_array()) {
        for (const auto& wrong : errors->as_array()) {
            if (wrong.is_object()) {
                detail += ' ' + optional_text_of(wrong.as_object(), "field") + ' ' + optional_text_of(wrong.as_object(), "message") + '.';
            }
        }
    }
    if (detail.ends_with('.')) detail.pop_back();
    return detail + " (" + problem.problem_code() + ')';
}

exit_code exit_code_of(const answer& given) {
    const bool ours = !given.problem_code().empty();
    switch (given.status) {
        case 401: return exit_code::not_signed_in;
        case 403: return exit_code::forbidden;
        case 404: return ours ? exit_code::not_found : exit_code::not_understood;
        case 409: return ours ? exit_code::conflict : exit_code::not_understood;
        case 429:
        case 500:
        case 502:
        case 503:
        case 504: return exit_code::unavailable;
        case 400:
        case 413:
        case 415:
        case 422: return ours ? exit_code::usage : exit_code::not_understood;
        default: return exit_code::not_understood;
    }
}

}  // namespace stagedoor::ctl
