#include "auth-service/src/http/answers.hpp"
#include "auth-service/src/http/guard.hpp"
#include "auth-service/src/http/handlers.hpp"
#include "auth-service/src/http/requirement.hpp"

namespace stagedoor::api {

namespace {

http::response verdict_on(const user_facts& user, const requirement& wanted) {
    if (const auto admitted = wanted.admits(user); !admitted) return refuse(admitted.error());
    return admitted_as(user);
}

}  // namespace

// Sets no cookie, and counts as a use of the session like any other check (K9).
answer verify(context& with, const http::request& request) {
    std::string complaint;
    const auto wanted = requirement::parse(request.query_text(), complaint);
    if (!wanted) co_return http::response::problem(errc::bad_request, std::move(complaint));

    // A gateway asks it with every request: nothing of a remembered session is copied.
    if (const auto known = with.sessions.recognise(request.header("Cookie"))) {
        request.asked_by() = known->who;
        co_return verdict_on(known->what->facts, *wanted);
    }
    const auto who = co_await who_asks(with, request);
    if (!who) co_return refuse(who.error());
    co_return verdict_on(who->user, *wanted);
}

}  // namespace stagedoor::api
