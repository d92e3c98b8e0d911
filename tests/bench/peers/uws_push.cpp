// A peer of push.mjs: uWebSockets with a Redis subscription in its own event loop, hiredis as the parser. push.mjs
// compiles it beside a checkout of uWebSockets. `GET /?user=ID` listens to the channel `peer:ID`.
//
//     uws_push PORT REDIS_SOCKET
#include <App.h>
#include <hiredis/hiredis.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace {

struct listener {
    std::string channel;
};
using web_socket = uWS::WebSocket<false, true, listener>;

struct room {
    std::unordered_set<web_socket*> listeners;
    std::vector<web_socket*> unconfirmed;
};
std::unordered_map<std::string, room> rooms;
redisReader* reader = nullptr;
us_socket_t* redis_link = nullptr;

void command(std::string_view verb, std::string_view channel) {
    std::string out = "*2\r\n$" + std::to_string(verb.size()) + "\r\n";
    out.append(verb)
        .append("\r\n$")
        .append(std::to_string(channel.size()))
        .append("\r\n")
        .append(channel)
        .append("\r\n");
    if (us_socket_write(0, redis_link, out.data(), static_cast<int>(out.size()), 0) != static_cast<int>(out.size()))
        std::abort();
}

void dispatch(const redisReply& reply) {
    if (reply.type != REDIS_REPLY_ARRAY || reply.elements != 3) std::abort();
    const auto text = [&](std::size_t i) { return std::string_view{reply.element[i]->str, reply.element[i]->len}; };
    const auto found = rooms.find(std::string{text(1)});
    if (found == rooms.end()) return;
    if (text(0) == "message") {
        for (auto* each : found->second.listeners) each->send(text(2), uWS::OpCode::TEXT);
    } else if (text(0) == "subscribe") {
        for (auto* each : std::exchange(found->second.unconfirmed, {})) each->send("ready", uWS::OpCode::TEXT);
    }
}

us_socket_t* on_data(us_socket_t* socket, char* data, int length) {
    redisReaderFeed(reader, data, static_cast<std::size_t>(length));
    for (void* reply = nullptr; redisReaderGetReply(reader, &reply) == REDIS_OK && reply;) {
        dispatch(*static_cast<redisReply*>(reply));
        freeReplyObject(reply);
    }
    return socket;
}

void connect_to_redis(const char* path) {
    reader = redisReaderCreate();
    reader->maxbuf = 0;
    auto* const loop = reinterpret_cast<us_loop_t*>(uWS::Loop::get());
    auto* const context = us_create_socket_context(0, loop, 0, {});
    us_socket_context_on_open(0, context, [](us_socket_t* socket, int, char*, int) { return redis_link = socket; });
    us_socket_context_on_data(0, context, on_data);
    us_socket_context_on_writable(0, context, [](us_socket_t* socket) { return socket; });
    us_socket_context_on_timeout(0, context, [](us_socket_t* socket) { return socket; });
    us_socket_context_on_end(0, context, [](us_socket_t*) -> us_socket_t* { std::abort(); });
    us_socket_context_on_close(0, context, [](us_socket_t*, int, void*) -> us_socket_t* { std::abort(); });
    us_socket_context_on_connect_error(0, context, [](us_socket_t*, int) -> us_socket_t* { std::abort(); });
    us_socket_context_connect_unix(0, context, path, 0, 0);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: uws_push PORT REDIS_SOCKET\n");
        return 2;
    }
    rlimit descriptors{};
    ::getrlimit(RLIMIT_NOFILE, &descriptors);
    descriptors.rlim_cur = descriptors.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &descriptors);
    uWS::App app;
    app.ws<listener>("/*", {
                               .compression = uWS::DISABLED,
                               .maxPayloadLength = 4096,
                               .idleTimeout = 0,
                               .sendPingsAutomatically = false,
                               .upgrade =
                                   [](auto* response, auto* request, auto* context) {
                                       response->template upgrade<listener>(
                                           {"peer:" + std::string{request->getQuery("user")}},
                                           request->getHeader("sec-websocket-key"),
                                           request->getHeader("sec-websocket-protocol"),
                                           request->getHeader("sec-websocket-extensions"), context);
                                   },
                               .open =
                                   [](auto* socket) {
                                       auto& room = rooms[socket->getUserData()->channel];
                                       room.listeners.insert(socket);
                                       room.unconfirmed.push_back(socket);
                                       command("SUBSCRIBE", socket->getUserData()->channel);
                                   },
                               .close =
                                   [](auto* socket, int, std::string_view) {
                                       const auto found = rooms.find(socket->getUserData()->channel);
                                       found->second.listeners.erase(socket);
                                       std::erase(found->second.unconfirmed, socket);
                                       if (!found->second.listeners.empty()) return;
                                       rooms.erase(found);
                                       command("UNSUBSCRIBE", socket->getUserData()->channel);
                                   },
                           });
    app.listen("127.0.0.1", std::atoi(argv[1]), [](auto* listening) {
        if (!listening) std::abort();
    });
    connect_to_redis(argv[2]);
    app.run();
}
