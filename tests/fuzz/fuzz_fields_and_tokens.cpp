// Values of fields that strangers fill (X-Forwarded-For behind a proxy, Host, Origin, traceparent), session tokens, and
// what lies in Redis: whatever comes, what is read says again what it was read from, and bodies stay within their
// bounds.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/core/json.hpp"
#include "common/core/origin.hpp"
#include "common/core/secrets.hpp"
#include "common/http/field.hpp"
#include "common/http/trace.hpp"
#include "common/http/trusted_proxies.hpp"
#include "common/session/session_record.hpp"
#include "common/session/session_token.hpp"

namespace {

using namespace stagedoor;

void require(bool holds) {
    if (!holds) std::abort();
}

void read_proxies(std::string_view text) {
    const auto peer = boost::asio::ip::make_address("10.0.0.1");
    const http::trusted_proxies nobody;
    require(nobody.client_of(peer, text) == peer);
    const http::trusted_proxies some{{*http::network::parse("10.0.0.0/8")}};
    const auto client = some.client_of(peer, text);
    require(client == some.client_of(peer, text));
    if (const auto block = http::network::parse(text)) require(block->contains(block->prefix));
}

void read_origin(std::string_view text) {
    const auto parsed = parse_origin(text);
    if (!parsed) return;
    const auto again = parse_origin(parsed->text);
    require(again && again->text == parsed->text && again->port == parsed->port);
    require(parsed->text.ends_with(parsed->host()) || parsed->text.find(":", 8) != std::string::npos);
}

void read_token(std::string_view text) {
    static const bool ready = init_crypto();
    static std::string complaint;
    static const auto ring = session::key_ring::parse("1 KFGdFEoNVQQs71Bq_Eu8ObcmaYp5pzImOl0TvWfJxeA", complaint);
    require(ready && ring);
    const auto token = session::parse_token(text);
    if (!token) return;
    require(session::format_token(token->claims, token->proof) == text);
    if (session::is_genuine(*ring, *token)) require(session::prove(*ring, token->claims) == token->proof);
}

void read_record(std::string_view text) {
    const auto parsed = session::parse_record(text);
    if (!parsed) return;
    if (const auto* record = std::get_if<session::session_record>(&*parsed)) {
        require(session::parse_record(session::format_record(*record)).has_value());
    }
}

void read_body(std::string_view text) {
    auto body = body_reader::parse(text);
    if (!body) return;
    const auto name = body->text("email", {1, 20});
    require(count_chars(name) <= 20);
    body->optional_integer("ackVersion");
    body->finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    read_proxies(text);
    read_origin(text);
    read_token(text);
    read_record(text);
    read_body(text);
    if (const auto trace = http::trace_context::parse(text)) require(trace->trace_id().size() == 32);
    if (http::is_host_and_port(text)) require(text.find_first_of("@/\\ \r\n") == std::string_view::npos);
    std::string complaint;
    if (!session::key_ring::parse(text, complaint)) require(!complaint.empty());
    return 0;
}
