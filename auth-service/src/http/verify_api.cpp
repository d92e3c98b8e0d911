#include "auth-service/src/http/answers.hpp"
#include "auth-service/src/http/guard.hpp"
#include "auth-service/src/http/handlers.hpp"
#include "auth-service/src/http/requirement.hpp"

namespace stagedoor::api {
namespace {

http::response let_pass(const requirement& wanted, const user_facts& user) {
    const auto admitted = wanted.admits(user);
    return admitted ? admitted_as(user) : refuse(admitted.error());
}

answer verify_by_reading(context& with, const http::request& request, requirement wanted) {
    const auto who = co_await who_asks(with, request);
    if (!who) co_return refuse(who.error());
    co_return let_pass(wanted, who->user);
}

}  // namespace

// Sets no cookie, and counts as a use of the session like any other check (K9).
answer verify(context& with, const http::request& request) {
    std::string complaint;
    const auto wanted = requirement::parse(request.query_text(), complaint);
    if (!wanted) return answer_with(http::response::problem(errc::bad_request, std::move(complaint)));
    const auto known = with.sessions.recognise(request.header("Cookie"));
    if (!known) return verify_by_reading(with, request, *wanted);
    request.asked_by() = known->who;
    return answer_with(let_pass(*wanted, known->what->facts));
}

}  // namespace stagedoor::api
