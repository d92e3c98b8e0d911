// Who is behind an API token. The database is asked each time, so that a token is over at the very next call after it
// was revoked, or its owner's role or status changed. One instance per shard; what they know in common is in
// token_node.
#pragma once

#include <array>
#include <boost/asio/ip/address.hpp>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

#include "auth-service/src/admin/token_store.hpp"
#include "auth-service/src/limits/limit_counters.hpp"
#include "auth-service/src/limits/local_limiter.hpp"

namespace stagedoor::admin {

// Bad tokens are counted by network and by this node, and refused beyond a rate before the database is asked. Tokens
// that were good are known by their digests and are not held to it, so that nobody keeps others of their network out.
class token_node {
public:
    explicit token_node(rate bad_tokens) : bad_tokens_{bad_tokens} {}

    bool is_known(const sha256_digest& digest) const;
    void know(const sha256_digest& digest);
    void forget(const sha256_digest& digest);

    // What the limit on bad tokens says of this network: before a token is looked at, or after it was bad.
    rate_limit::decision ask(const boost::asio::ip::address& client, rate_limit::step how);
    const rate& limit() const noexcept { return bad_tokens_; }

private:
    const rate bad_tokens_;
    rate_limit::local_limiter counts_;
    mutable std::mutex mutex_;
    std::unordered_set<std::string> known_;  // digests
};

struct token_caller {
    token_id token;
    token_scope scope = token_scope::read;
    user_facts owner;
};

class token_service {
public:
    token_service(token_store& tokens, token_node& node, rate_limit::limit_counters& counters)
        : tokens_{tokens}, node_{node}, counters_{counters} {}

    // errc::token_invalid, token_expired, token_revoked; errc::forbidden: the owner is no active admin any more;
    // errc::rate_limited; errc::database_*, errc::overloaded. `seen` is told whom a token of ours names, also when it
    // is refused: for the log.
    struct seen_token {
        user_id owner;
        token_id token;
    };
    runtime::task<result<token_caller>> authenticate(std::string text, boost::asio::ip::address client,
                                                     std::optional<seen_token>* seen);

    // How long a network that was refused has to wait.
    std::chrono::seconds retry_after(const boost::asio::ip::address& client);

    struct made_token {
        api_token token;
        std::string text;  // told this once
    };
    // errc::forbidden, errc::too_many_tokens, errc::database_*, errc::overloaded.
    runtime::task<result<made_token>> create(user_id owner, std::string name, token_scope scope,
                                             std::chrono::milliseconds life, user::actor by);

    token_store& store() noexcept { return tokens_; }

private:
    result<token_caller> judge(const presented_token& found) const;

    token_store& tokens_;
    token_node& node_;
    rate_limit::limit_counters& counters_;
};

}  // namespace stagedoor::admin
