#include "notify-service/src/sse/events.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "notify-service/src/push/door.hpp"
#include "notify-service/src/sse/stream_socket.hpp"

namespace stagedoor::notify {
namespace {

constexpr std::string_view content_type = "text/event-stream";

std::shared_ptr<push_socket> make_stream_socket(push_context& node, encoding how, const session::session_ref& who,
                                                feed position) {
    return std::make_shared<stream_socket>(node, how, who, position);
}

// Browsers name the origin of a page unless it is the page's own: then, to a GET, they say just that (Fetch metadata).
// Who says neither is no page: it has no cookie but its own.
bool may_read(const http::request& incoming, const allowed_origins& origins) {
    if (const auto origin = incoming.find_header("Origin")) return origins.contains(*origin);
    const auto site = incoming.header("Sec-Fetch-Site");
    return site.empty() || site == "same-origin" || site == "none";
}

// The browser's own word is newer than the address that the page once made (N3).
std::string cursor_of(const http::request& incoming) {
    const auto last = incoming.header("Last-Event-ID");
    return last.empty() ? cursor_in_query(incoming) : std::string{last};
}

http::response refuse(push_context& node, const refusal& why) {
    if (why.code == close_code::session_unclear) {
        const auto farewell = make_farewell(node, encoding::event_stream, why.code, why.why);
        return http::response::text(200, content_type, std::string{farewell->view()});
    }
    return problem_of_refusal(node, why);
}

http::response accept(push_context& node, admittance found, bool chunked) {
    auto answer =
        http::response::hand_over(200, hand_over(node.counts.event_streams.handshakes, std::move(found)));
    answer.add("Content-Type", std::string{content_type});
    if (chunked) answer.add("Transfer-Encoding", "chunked");
    answer.add("X-Accel-Buffering", "no");  // nginx passes on what comes, as it comes
    return answer;
}

runtime::task<http::response> answer_request(push_context& node, const http::request& incoming) {
    auto& counts = node.counts.event_streams.handshakes;
    if (!may_read(incoming, node.settings.origins)) {
        counts.foreign.add();
        co_return http::response::problem(errc::cross_origin);
    }
    // A client of HTTP/1.0, nginx by its defaults among them, knows the end of the connection alone as the body's end.
    const bool chunked = incoming.minor_version() >= 1;
    const auto how = chunked ? encoding::chunked_event_stream : encoding::event_stream;
    auto found = co_await admit(node, incoming, cursor_of(incoming), how, &make_stream_socket);
    if (found.refused) {
        (found.unavailable() ? counts.unavailable : counts.refused).add();
        co_return refuse(node, *found.refused);
    }
    co_return accept(node, std::move(found), chunked);
}

}  // namespace

runtime::task<http::response> open_event_stream(push_context& node, const http::request& incoming) {
    auto answer = co_await answer_request(node, incoming);
    const auto origin = incoming.header("Origin");
    answer.add("Vary", "Origin");
    if (node.settings.origins.contains(origin)) {
        answer.add("Access-Control-Allow-Origin", std::string{origin});
        answer.add("Access-Control-Allow-Credentials", "true");
        answer.add("Access-Control-Expose-Headers", "Retry-After, X-Request-Id");
    }
    co_return answer;
}

}  // namespace stagedoor::notify
