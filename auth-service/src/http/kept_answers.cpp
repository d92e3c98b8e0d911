#include "auth-service/src/http/kept_answers.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>

#include "auth-service/src/http/answers.hpp"
#include "common/http/response_writer.hpp"

namespace stagedoor::api {
namespace {

using standing = admin::kept_request::standing;

using std::chrono::steady_clock;

// A key that is given back late may have become another request's: when the lease is over, which the database measures.
constexpr auto lease_margin = std::chrono::seconds{1};

// A call that took longer than the lease would lose its key while it runs, and whoever repeats it would begin it a second
// time. The longest is a decision about many.
static_assert(approval::bulk_time + std::chrono::seconds{5} < limits::kept_answer_lease - lease_margin);

constexpr std::string_view json_type = "application/json";
constexpr std::string_view problem_type_name = "application/problem+json";

// Parts of different lengths do not run into each other: none holds a line break but the last.
sha256_digest digest_of(std::string_view purpose, std::string_view first, std::string_view second) {
    return sha256(std::string{purpose}.append("\n").append(first).append("\n").append(second));
}

sha256_digest digest_of(const http::request& request) {
    auto head = std::string{http::to_string(request.verb())}.append(" ").append(request.path());
    if (!request.query_text().empty()) head.append("?").append(request.query_text());
    return digest_of("stagedoor idempotent request 1", head, request.body());
}

// A kept answer: status, a letter for its type, the body.
std::string write_answer(const http::response& answer, std::string_view request_id) {
    auto text = std::to_string(answer.status());
    if (const auto* const problem = answer.as_problem()) return text + "p" + http::problem_body(*problem, request_id);
    return text + "j" + std::string{answer.body()};
}

std::optional<http::response> read_answer(std::string_view text) {
    unsigned status = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), status);
    if (ec != std::errc{} || end == text.data() + text.size()) return std::nullopt;
    const auto type = *end == 'p' ? problem_type_name : json_type;
    std::string body{text.substr(static_cast<std::size_t>(end - text.data()) + 1)};
    auto answer = body.empty() ? http::response{status} : http::response::text(status, type, std::move(body));
    answer.add("Idempotency-Replayed", "true");
    return answer;
}

// The request came to nothing, or not to all of it: it may be repeated with its key.
runtime::task<void> give_back(context& with, admin::keys_to_free::owed key) {
    if (steady_clock::now() >= key.until) co_return;
    const auto forgotten = co_await with.answers.forget(key.key);
    // Most often the database is what the request failed of: it is told as soon as it takes changes again.
    if (!forgotten) with.keys_to_free.note(key);
}

http::response refuse_key(errc why) {
    if (why != errc::idempotency_key_in_flight) return refuse(why);
    return http::response::problem(why, {}, {}, std::chrono::seconds{1});
}

}  // namespace

std::optional<std::string_view> parse_idempotency_key(std::string_view field) noexcept {
    if (field.size() >= 2 && field.front() == '"' && field.back() == '"') field = field.substr(1, field.size() - 2);
    if (field.empty() || field.size() > limits::idempotency_key_chars) return std::nullopt;
    const bool fine = std::ranges::all_of(field, [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
    return fine ? std::optional{field} : std::nullopt;
}

bool is_final(const http::response& answered) noexcept {
    const auto asks_again = [](const auto& field) { return field.first == "Retry-After"; };
    return answered.status() < 500 && std::ranges::none_of(answered.fields(), asks_again);
}

answer answer_once(context& with, const http::request& request, admin_caller by, admin_handler handle) {
    const auto key = parse_idempotency_key(request.header("Idempotency-Key"));
    if (!key) {
        std::string detail = "Idempotency-Key has to be 1 to " + std::to_string(limits::idempotency_key_chars) +
                             " characters of visible ASCII, in quotes or without any.";
        co_return http::response::problem(errc::bad_request, std::move(detail));
    }
    const auto name = digest_of("stagedoor idempotency key 1", by.name(), *key);
    const auto secret = digest_of("stagedoor kept answer 1", by.name(), *key);
    const admin::keys_to_free::owed lease{name, steady_clock::now() + limits::kept_answer_lease - lease_margin};
    const auto kept = co_await with.answers.begin(name, digest_of(request));
    if (!kept) co_return refuse(kept.error());
    if (kept->what == standing::other) co_return refuse_key(errc::idempotency_key_reused);
    if (kept->what == standing::in_flight) co_return refuse_key(errc::idempotency_key_in_flight);
    if (kept->what == standing::answered) {
        const auto text = unseal(secret, kept->answer);
        auto replayed = text ? read_answer(*text) : std::nullopt;
        if (!replayed) co_return refuse(errc::internal_error);  // a hand has spoilt it
        co_return std::move(*replayed);
    }

    auto answered = co_await handle(with, request, std::move(by));
    if (!is_final(answered)) {
        co_await give_back(with, lease);
        co_return answered;
    }
    auto sealed = seal(secret, write_answer(answered, request.request_id()));
    const auto written = co_await with.answers.keep(name, std::move(sealed));
    // It is done: the answer goes out. A repetition finds the key free once its lease is over.
    if (!written) spdlog::warn("an answer could not be kept: {}", written.error().message());
    co_return answered;
}

}  // namespace stagedoor::api
