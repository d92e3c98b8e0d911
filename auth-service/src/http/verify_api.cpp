#include "auth-service/src/http/answers.hpp"
#include "auth-service/src/http/guard.hpp"
#include "auth-service/src/http/handlers.hpp"
#include "auth-service/src/http/requirement.hpp"

namespace stagedoor::api {

// Sets no cookie, and counts as a use of the session like any other check (K9).
answer verify(context& with, const http::request& request) {
    std::string complaint;
    const auto wanted = requirement::parse(request.query_text(), complaint);
    if (!wanted) co_return http::response::problem(errc::bad_request, std::move(complaint));

    const auto who = co_await who_asks(with, request);
    if (!who) co_return refuse(who.error());
    if (const auto admitted = wanted->admits(who->user); !admitted) co_return refuse(admitted.error());
    co_return admitted_as(who->user);
}

}  // namespace stagedoor::api
