#include "auth-service/src/http/answers.hpp"
#include "auth-service/src/http/guard.hpp"
#include "auth-service/src/http/handlers.hpp"
#include "auth-service/src/pages/access.hpp"

namespace stagedoor::api {
namespace {

answer show(context& with, const http::request& request, pages::page which) {
    const auto who = co_await who_asks(with, request);
    const bool nobody_can_tell = !who && problem_of(to_errc(who.error())).status >= 500;
    if (nobody_can_tell && which == pages::page::root) co_return refuse(who.error());

    // A page holds nothing of anybody, and its scripts say that the service is away better than a problem would.
    if (!nobody_can_tell) {
        const auto visitor = who ? std::optional{pages::visitor{who->user.role, who->user.status}} : std::nullopt;
        if (const auto instead = pages::redirect_from(which, visitor)) {
            co_return http::response::redirect(std::string{pages::path_of(*instead)});
        }
    }
    const auto& file = with.files.of(which);
    auto page = http::response::fixed(200, file.content_type, file.body);
    page.add("Content-Security-Policy", with.files.content_security_policy());
    // A page of another origin that opens this one, or is opened by it, gets no hold of its window (ASVS 5.0 3.4.8).
    page.add("Cross-Origin-Opener-Policy", "same-origin");
    co_return page;
}

http::response send_file(const http::request& request, const page_files::file* file) {
    if (!file) return refuse(errc::not_found);
    // Always asked again, sent again only when it has changed: an upgrade shows at the next load.
    const bool known = request.header("If-None-Match") == file->etag;
    auto sent = known ? http::response{304} : http::response::fixed(200, file->content_type, file->body);
    sent.add("ETag", file->etag);
    sent.add("Cache-Control", "no-cache");
    return sent;
}

}  // namespace

answer root_page(context& with, const http::request& request) { return show(with, request, pages::page::root); }
answer login_page(context& with, const http::request& request) { return show(with, request, pages::page::login); }
answer registration_page(context& with, const http::request& request) {
    return show(with, request, pages::page::registration);
}
answer pending_page(context& with, const http::request& request) { return show(with, request, pages::page::pending); }
answer dashboard_page(context& with, const http::request& request) {
    return show(with, request, pages::page::dashboard);
}
answer admin_page(context& with, const http::request& request) { return show(with, request, pages::page::admin); }
answer account_page(context& with, const http::request& request) { return show(with, request, pages::page::account); }

answer asset(context& with, const http::request& request) {
    co_return send_file(request, with.files.asset(request.parameter("name")));
}

answer favicon(context& with, const http::request& request) {
    co_return send_file(request, with.files.asset("favicon.svg"));
}

}  // namespace stagedoor::api
