#include "auth-service/src/http/rate_limits.hpp"

#include "auth-service/src/http/answers.hpp"

namespace stagedoor::api {

rate_limit::applicant applicant_of(const http::request& request, std::string email) {
    return {request.client_address(), std::move(email), std::string{request.header("Cookie")}};
}

http::response refuse_for_now(const http::request& request, const rate_limit::admission& refused) {
    const auto& why = *refused.refused();
    request.about() = rate_limit::name_of(why.what, why.subject);
    const auto wait = rate_limit::quota_of(why.limit, why.now.owed).retry_after;
    auto told = http::response::problem(errc::rate_limited, std::string{rate_limit::row_of(why.what).detail}, {}, wait);
    add_rate_limit_fields(told, refused);
    return told;
}

http::response refuse_account(const user::account_service& accounts, const boost::system::error_code& error) {
    const auto why = to_errc(error);
    if (why != errc::overloaded) return refuse(why);
    return http::response::problem(why, {}, {}, accounts.retry_after());
}

void add_rate_limit_fields(http::response& to, const rate_limit::admission& of) {
    if (of.standings.empty()) return;
    auto fields = rate_limit::fields_of(of);
    to.add("RateLimit-Policy", std::move(fields.policy));
    to.add("RateLimit", std::move(fields.limit));
}

}  // namespace stagedoor::api
