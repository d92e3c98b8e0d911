#include "auth-service/src/http/page_files.hpp"

#include <algorithm>
#include <array>

#include "auth-service/web_files.hpp"
#include "common/core/secrets.hpp"

namespace stagedoor::api {
namespace {

constexpr std::string_view notify_url_mark = "{{notify_url}}";

struct page_source {
    pages::page which;
    std::string_view path;  // below auth-service/web
};
constexpr std::array page_sources{
    page_source{pages::page::login, "pages/login.html"},
    page_source{pages::page::registration, "pages/register.html"},
    page_source{pages::page::pending, "pages/pending.html"},
    page_source{pages::page::dashboard, "pages/dashboard.html"},
    page_source{pages::page::admin, "pages/admin.html"},
    page_source{pages::page::account, "pages/account.html"},
};

std::string_view content_type_of(std::string_view path) {
    if (path.ends_with(".html")) return "text/html; charset=utf-8";
    if (path.ends_with(".css")) return "text/css; charset=utf-8";
    if (path.ends_with(".js")) return "text/javascript; charset=utf-8";
    if (path.ends_with(".svg")) return "image/svg+xml; charset=utf-8";
    return "application/octet-stream";
}

std::string escape_attribute(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&': out.append("&amp;"); break;
            case '"': out.append("&quot;"); break;
            case '<': out.append("&lt;"); break;
            default: out.push_back(c);
        }
    }
    return out;
}

page_files::file make_file(std::string_view path, std::string body) {
    const auto digest = sha256(body);
    auto etag = "\"" + to_hex(std::span{digest}.first(8)) + "\"";
    return {std::move(body), content_type_of(path), std::move(etag)};
}

std::string with_notify_url(std::string_view html, std::string_view notify_url) {
    std::string page{html};
    const auto at = page.find(notify_url_mark);
    if (at != std::string::npos) page.replace(at, notify_url_mark.size(), escape_attribute(notify_url));
    return page;
}

// scheme://host[:port] of a WebSocket address; empty for a path on our own origin.
std::string_view origin_of(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme == std::string_view::npos) return {};
    return url.substr(0, url.find('/', scheme + 3));
}

}  // namespace

page_files::page_files(std::string_view notify_url) {
    for (const auto& embedded : web::embedded_files) {
        constexpr std::string_view assets = "assets/";
        if (embedded.path.starts_with(assets)) {
            assets_.emplace(embedded.path.substr(assets.size()),
                            make_file(embedded.path, std::string{embedded.bytes}));
            continue;
        }
        const auto source = std::ranges::find(page_sources, embedded.path, &page_source::path);
        if (source == page_sources.end()) continue;
        pages_.emplace(source->which, make_file(embedded.path, with_notify_url(embedded.bytes, notify_url)));
    }
    policy_ = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'";
    if (const auto origin = origin_of(notify_url); !origin.empty()) {
        // The event stream is beside the WebSocket: ws://host and http://host, wss://host and https://host.
        policy_.append(" ").append(origin).append(" http").append(origin.substr(std::string_view{"ws"}.size()));
    }
    policy_.append("; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
}

const page_files::file* page_files::asset(std::string_view name) const {
    const auto found = assets_.find(name);
    return found == assets_.end() ? nullptr : &found->second;
}

}  // namespace stagedoor::api
