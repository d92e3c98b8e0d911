// One shard with stand-ins for Redis, and the browser's end of a connection: everything about sockets but the network.
#pragma once

#include <spdlog/spdlog.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/http/request.hpp"
#include "common/runtime/event.hpp"
#include "common/ws/socket_group.hpp"
#include "notify-service/src/ws/handshake.hpp"
#include "notify-service/src/push/push_socket.hpp"
#include "tests/unit/notify/signed_in.hpp"

namespace stagedoor::notify::test {

struct fake_channels final : channels {
    int held = 0;
    errc failure{};  // instead of a confirmation
    runtime::task<result<void>> acquire(user_id) override {
        co_await runtime::sleep_for(std::chrono::milliseconds{1});
        if (failure != errc{}) co_return failure;
        ++held;
        co_return result<void>{};
    }
    void release(const user_id&) override { --held; }
    runtime::task<result<void>> acquire_admins() override { return acquire({}); }
    void release_admins() override { --held; }
};

// Answers out of a signed-in user and a stream.
struct fake_history final : history {
    signed_in& user;
    std::vector<std::pair<std::int64_t, std::string>> stream;
    std::string incarnation = "life";
    std::vector<std::pair<std::int64_t, std::string>> admins;
    bool away = false;
    int reads = 0;
    std::function<void()> before_reply;  // once, after the read was carried out

    explicit fake_history(signed_in& of) : user{of} {}

    static void read_stream(const std::vector<std::pair<std::int64_t, std::string>>& from, const stream_read& what,
                            std::vector<std::int64_t>& numbers, std::vector<std::string>& letters) {
        for (const auto& [number, letter] : from) {
            if (what.from ? number < *what.from : number != from.back().first) continue;
            numbers.push_back(number);
            letters.push_back(letter);
        }
    }

    runtime::task<result<readout>> read(session::session_ref, read_request what) override {
        ++reads;
        readout out;
        read_stream(stream, what.own, out.versions, out.letters);
        if (what.admins) {
            out.admins.emplace();
            read_stream(admins, *what.admins, out.admins->numbers, out.admins->letters);
            if (!out.admins->numbers.empty()) out.admins->incarnation = incarnation;
        }
        out.record = user.stored_record();
        out.snapshot = user.stored_snapshot();
        co_await runtime::sleep_for(std::chrono::milliseconds{1});
        if (const auto act = std::exchange(before_reply, nullptr)) act();
        if (away) co_return errc::redis_unavailable;
        co_return out;
    }
    int looks = 0;
    runtime::task<result<std::vector<std::optional<std::int64_t>>>> next_after(
        std::vector<head_question> all) override {
        ++looks;
        std::vector<std::optional<std::int64_t>> found(all.size());
        for (const auto& [version, letter] : stream) {
            for (std::size_t i = 0; i < all.size(); ++i) {
                if (!found[i] && version > all[i].written) found[i] = version;
            }
        }
        co_await runtime::sleep_for(std::chrono::milliseconds{1});
        if (away) co_return errc::redis_unavailable;
        co_return found;
    }
    runtime::task<result<std::vector<readout>>> read_sessions(std::vector<session::session_ref> who) override {
        co_await runtime::sleep_for(std::chrono::milliseconds{1});
        if (away) co_return errc::redis_unavailable;
        readout one;
        one.record = user.stored_record();
        one.snapshot = user.stored_snapshot();
        co_return std::vector<readout>(who.size(), one);
    }
};

// Keeps the newest word about each socket.
struct fake_receipts final : receipt_store {
    std::map<std::uint64_t, receipt> lines;
    bool away = false;
    int puts = 0;

    runtime::task<result<void>> put(std::span<const receipt_word> words) override {
        ++puts;
        co_await runtime::sleep_for(std::chrono::milliseconds{1});
        if (away) co_return errc::redis_unavailable;
        for (const auto& word : words) lines[word.socket] = word.what;
        co_return result<void>{};
    }
    void sign_of_life() override {}
};

// What the browser has received: the CloudEvents objects, and the Close.
struct received {
    std::vector<boost::json::object> frames;
    std::optional<std::uint16_t> close_code;
    int pings = 0;
    bool end_of_file = false;

    std::vector<std::string> types() const {
        std::vector<std::string> all;
        for (const auto& frame : frames) {
            const std::string type{frame.at("type").as_string()};
            all.push_back(type.substr(type.rfind('.') + 1));
        }
        return all;
    }
    std::int64_t number(std::string_view member) const { return frames.back().at("data").at(member).as_int64(); }
};

class browser {
public:
    explicit browser(boost::asio::io_context& context) : context_{context}, socket_{context} {}

    // A new connection; the server's end of it.
    http::tcp_socket connect() {
        using boost::asio::ip::tcp;
        socket_ = tcp::socket{context_};
        input_.clear();
        tcp::acceptor acceptor{context_, {boost::asio::ip::address_v4::loopback(), 0}};
        socket_.connect(acceptor.local_endpoint());
        socket_.non_blocking(true);
        http::tcp_socket server{context_.get_executor()};
        acceptor.accept(server);
        server.non_blocking(true);
        return server;
    }
    void send(ws::opcode code, std::string_view payload) {
        std::string bytes{static_cast<char>(0x80 | static_cast<int>(code)), static_cast<char>(0x80 | payload.size())};
        bytes.append(4, '\0');  // a mask that changes nothing
        bytes.append(payload);
        boost::asio::write(socket_, boost::asio::buffer(bytes));
    }
    received take() {
        received all;
        all.end_of_file = read_all();
        while (take_frame(all)) {
        }
        return all;
    }
    // Everything that came, as it came.
    std::string take_bytes(bool& ended) {
        ended = read_all();
        return std::exchange(input_, {});
    }
    void send_bytes(std::string_view bytes) { boost::asio::write(socket_, boost::asio::buffer(bytes)); }
    void leave() { socket_.close(); }

private:
    // True when there will be no more.
    bool read_all() {
        std::array<char, 65536> room;
        boost::system::error_code ec;
        while (!ec) input_.append(room.data(), socket_.read_some(boost::asio::buffer(room), ec));
        return ec != boost::asio::error::would_block;
    }
    bool take_frame(received& into) {
        if (input_.size() < 2) return false;
        const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(input_[i]); };
        std::size_t head = 2;
        std::size_t size = byte(1);
        if (size == 126) {
            head = 4;
            size = static_cast<std::size_t>(byte(2)) << 8 | byte(3);
        }
        if (input_.size() < head + size) return false;
        const auto payload = input_.substr(head, size);
        const auto code = static_cast<ws::opcode>(byte(0) & 0x0f);
        input_.erase(0, head + size);
        if (code == ws::opcode::text) into.frames.push_back(boost::json::parse(payload).as_object());
        if (code == ws::opcode::ping) ++into.pings;
        if (code == ws::opcode::close) {
            into.close_code = static_cast<std::uint16_t>(static_cast<unsigned char>(payload[0]) << 8 |
                                                         static_cast<unsigned char>(payload[1]));
        }
        return true;
    }

    boost::asio::io_context& context_;
    boost::asio::ip::tcp::socket socket_;
    std::string input_;
};

struct push_stage {
    boost::asio::io_context context{1};
    runtime::task_group tasks{context.get_executor()};
    signed_in user;
    obs::metrics registry;
    push_metrics counts{registry};
    push_settings settings{allowed_origins{{*parse_origin("https://app.example")}}, std::string{cookie_name}, user.keys,
                           timeouts, std::chrono::seconds{25}};
    socket_quota quota{{.sockets = 10, .per_user = 2, .per_network = 8}};
    ws::socket_group group{context.get_executor()};
    hub sockets{counts};
    fake_channels subscriptions;
    fake_history source{user};
    read_queue reads{source, tasks, counts};
    connection_frames frames{"node", 0};
    fake_receipts kept;
    receipt_book receipts{context.get_executor(), kept, counts, [this] { return wall_time; }};
    instant wall_time = now;
    bool redis_is_there = true;
    push_context node{.settings = settings,
                      .quota = quota,
                      .counts = counts,
                      .group = group,
                      .sockets = sockets,
                      .reads = reads,
                      .source = source,
                      .subscriptions = subscriptions,
                      .frames = frames,
                      .receipts = receipts,
                      .now = [this] { return wall_time; },
                      .since = [] { return instant{}; },
                      .redis_is_there = [this] { return redis_is_there; }};
    browser tab{context};

    // The stream ends at the user's version.
    push_stage() {
        spdlog::set_level(spdlog::level::off);
        source.stream.emplace_back(user.facts.version, user.letter_text());
    }
    ~push_stage() {
        sockets.for_each([](member& each) { static_cast<push_socket&>(each).abort(); });
        context.restart();
        context.run();
    }

    // Lets the shard work for a while: all that is ready, and what takes a few milliseconds.
    void run() {
        context.restart();
        context.run_for(std::chrono::milliseconds{20});
    }

    // A change of the user, in the stream and in the snapshot, on the channel too if `published`.
    void change(std::string_view kind = "updated", bool published = true) {
        ++user.facts.version;
        source.stream.emplace_back(user.facts.version, user.letter_text(kind));
        if (published) publish(source.stream.back().second);
    }
    void publish(const std::string& text) { sockets.on_message(user.who.user, text); }
    void end_session(errc reason = errc::session_signed_out) {
        user.ended = reason;
        publish(to_control_message({user.who.session, reason}));
    }
    void lose_link() {
        node.degraded = encode_in_all(frames.make_degraded(wall_time));
        sockets.on_link_lost();
    }
    void restore_link() {
        node.degraded = {};
        sockets.on_link_restored();
    }

    // The answer of GET /ws with these fields beside those of a handshake.
    http::response request(std::string_view query = {}, std::optional<std::string> cookie = {},
                           std::string_view origin = "https://app.example", bool upgrades = true) {
        const auto cookie_text = cookie.value_or(user.cookie());
        http::request_parts parts;
        parts.target.path = "/ws";
        parts.target.query = query;
        if (upgrades) {
            parts.fields = {{"Upgrade", "websocket"},
                            {"Connection", "Upgrade"},
                            {"Sec-WebSocket-Version", "13"},
                            {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
        }
        if (!origin.empty()) parts.fields.push_back({"Origin", origin});
        parts.fields.push_back({"Cookie", cookie_text});
        return answer(parts, &open_web_socket);
    }
    using handler = runtime::task<http::response> (*)(push_context&, const http::request&);
    http::response answer(const http::request_parts& parts, handler handle) {
        const http::trusted_proxies nobody;
        http::id_source ids;
        const http::arrival from{boost::asio::ip::address_v4::loopback(), nobody, ids};
        const http::request incoming{parts, from};
        std::optional<http::response> given;
        tasks.spawn("request", answer_into(given, incoming, handle));
        context.restart();
        while (!given && context.run_one_for(std::chrono::seconds{1}) > 0) {
        }
        return std::move(*given);
    }
    runtime::task<void> answer_into(std::optional<http::response>& into, const http::request& incoming,
                                    handler handle) {
        auto given = co_await handle(node, incoming);
        into = std::move(given);
    }
    // What Redis is told of the sockets; once, the book is closed after it.
    const std::map<std::uint64_t, receipt>& told() {
        tasks.spawn("receipts", receipts.run());
        tasks.spawn("finish", receipts.finish(std::chrono::steady_clock::now() + std::chrono::seconds{1}));
        run();
        return kept.lines;
    }
    // The connection goes over to WebSocket, if the answer says so.
    void upgrade(http::response answer) {
        const auto taker = answer.release_takeover();
        taker->take(tab.connect(), {});
        run();
    }
    void open(std::string_view query = {}) { upgrade(request(query)); }
    // What came to the browser since the last time.
    received hear() {
        run();
        return tab.take();
    }
    push_socket* only_socket() {
        push_socket* found = nullptr;
        sockets.for_each([&](member& each) { found = static_cast<push_socket*>(&each); });
        return found;
    }
};

}  // namespace stagedoor::notify::test
