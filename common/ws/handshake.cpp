#include "common/ws/handshake.hpp"

#include <sodium/utils.h>

#include <algorithm>
#include <array>
#include <boost/uuid/detail/sha1.hpp>
#include <cstdint>

#include "common/core/json.hpp"
#include "common/http/field.hpp"

namespace stagedoor::ws {
namespace {

constexpr std::string_view version = "13";
constexpr std::string_view key_suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 section 1.3
constexpr std::size_t nonce_bytes = 16;

std::size_t count_fields(const http::request& incoming, std::string_view name) noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(
        incoming.headers(), [&](const auto& field) { return http::equal_ignoring_case(field.name, name); }));
}

// The base64 of 16 bytes (section 4.2.1, 5.).
bool is_key(std::string_view key) noexcept {
    std::array<unsigned char, nonce_bytes> nonce;
    std::size_t size = 0;
    const int bad = sodium_base642bin(nonce.data(), nonce.size(), key.data(), key.size(), nullptr, &size, nullptr,
                                      sodium_base64_VARIANT_ORIGINAL);
    return bad == 0 && size == nonce.size();
}

// Several fields of one name are one list (RFC 9110 section 5.2).
bool lists(const http::request& incoming, std::string_view name, std::string_view token) noexcept {
    return std::ranges::any_of(incoming.headers(), [&](const auto& field) {
        return http::equal_ignoring_case(field.name, name) && http::has_token(field.value, token);
    });
}

// Names of subprotocols are compared exactly: a client refuses one that it has not offered (section 4.1).
bool has_exactly(std::string_view list, std::string_view wanted) noexcept {
    for (;;) {
        const auto comma = list.find(',');
        if (trim(list.substr(0, comma)) == wanted) return true;
        if (comma == std::string_view::npos) return false;
        list.remove_prefix(comma + 1);
    }
}

bool offers_cloudevents(const http::request& incoming) noexcept {
    return std::ranges::any_of(incoming.headers(), [](const auto& field) {
        return http::equal_ignoring_case(field.name, "Sec-WebSocket-Protocol") &&
               has_exactly(field.value, cloudevents_subprotocol);
    });
}

}  // namespace

std::string accept_key(std::string_view key) {
    boost::uuids::detail::sha1 hash;
    hash.process_bytes(key.data(), key.size());
    hash.process_bytes(key_suffix.data(), key_suffix.size());
    unsigned int words[5];
    hash.get_digest(words);
    std::array<unsigned char, sizeof words> digest;
    for (std::size_t i = 0; i < digest.size(); ++i)
        digest[i] = static_cast<unsigned char>(words[i / 4] >> (24 - i % 4 * 8));
    std::array<char, sodium_base64_ENCODED_LEN(digest.size(), sodium_base64_VARIANT_ORIGINAL)> text;
    sodium_bin2base64(text.data(), text.size(), digest.data(), digest.size(), sodium_base64_VARIANT_ORIGINAL);
    return text.data();
}

result<handshake> read_handshake(const http::request& incoming) {
    const bool asks = incoming.verb() == http::method::get && incoming.minor_version() >= 1 &&
                      lists(incoming, "Upgrade", "websocket") && lists(incoming, "Connection", "upgrade");
    if (!asks || incoming.header("Sec-WebSocket-Version") != version) return errc::upgrade_required;
    const auto key = incoming.header("Sec-WebSocket-Key");
    const bool once =
        count_fields(incoming, "Sec-WebSocket-Key") == 1 && count_fields(incoming, "Sec-WebSocket-Version") == 1;
    if (!once || !is_key(key) || !incoming.body().empty()) return errc::bad_request;
    return handshake{accept_key(key), offers_cloudevents(incoming)};
}

http::response refuse_handshake(errc error) {
    auto answer = http::response::problem(error);
    if (error == errc::upgrade_required) {
        answer.add("Upgrade", "websocket");
        answer.add("Connection", "Upgrade");
        answer.add("Sec-WebSocket-Version", std::string{version});
    }
    return answer;
}

http::response accept_handshake(const handshake& agreed, std::unique_ptr<http::takeover> to) {
    auto answer = http::response::hand_over(101, std::move(to));
    answer.add("Upgrade", "websocket");
    answer.add("Connection", "Upgrade");
    answer.add("Sec-WebSocket-Accept", agreed.accept);
    if (agreed.with_subprotocol) answer.add("Sec-WebSocket-Protocol", std::string{cloudevents_subprotocol});
    return answer;
}

}  // namespace stagedoor::ws
