#include "auth-service/src/admin/token_service.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "common/runtime/client_network.hpp"

namespace stagedoor::admin {
namespace {

std::string key_of(const sha256_digest& digest) { return {digest.begin(), digest.end()}; }

}  // namespace

bool token_node::is_known(const sha256_digest& digest) const {
    const std::lock_guard lock{mutex_};
    return known_.contains(key_of(digest));
}

void token_node::know(const sha256_digest& digest) {
    const std::lock_guard lock{mutex_};
    if (known_.size() >= limits::api_tokens_known) known_.clear();  // whoever is good is known again by the next call
    known_.insert(key_of(digest));
}

void token_node::forget(const sha256_digest& digest) {
    const std::lock_guard lock{mutex_};
    known_.erase(key_of(digest));
}

rate_limit::decision token_node::ask(const boost::asio::ip::address& client, rate_limit::step how) {
    if (!bad_tokens_.limits()) return {.allowed = true};
    rate_limit::question asked{rate_limit::kind::token, runtime::network_of(client), bad_tokens_, how};
    return counts_.decide(asked, std::chrono::steady_clock::now());
}

std::chrono::seconds token_service::retry_after(const boost::asio::ip::address& client) {
    return rate_limit::quota_of(node_.limit(), node_.ask(client, rate_limit::step::look).owed).retry_after;
}

result<token_caller> token_service::judge(const presented_token& found) const {
    if (found.token.revoked_at) return errc::token_revoked;
    if (found.expired) return errc::token_expired;
    const auto& owner = found.token.owner;
    // The database has revoked it with the change; an earlier version of the schema may not have.
    if (owner.role != user_role::admin || owner.status != user_status::active) return errc::forbidden;
    return token_caller{found.token.id, found.token.scope, owner};
}

runtime::task<result<token_caller>> token_service::authenticate(std::string text, boost::asio::ip::address client,
                                                                std::optional<seen_token>* seen) {
    const auto digest = token_digest(text);
    const bool known = node_.is_known(digest);
    const auto before = node_.ask(client, rate_limit::step::look);
    if (!known && !before.allowed) {
        counters_.refuse(rate_limit::kind::token);
        co_return errc::rate_limited;
    }
    std::optional<presented_token> found;
    if (is_token_text(text)) {
        auto looked = co_await tokens_.find(digest);
        if (!looked) co_return looked.error();
        found = std::move(*looked);
    }
    if (!found) {
        node_.ask(client, rate_limit::step::charge);
        co_return errc::token_invalid;
    }
    if (seen) *seen = seen_token{found->token.owner.id, found->token.id};
    auto caller = judge(*found);
    if (!caller) {
        node_.forget(digest);
        node_.ask(client, rate_limit::step::charge);
        co_return caller;
    }
    if (!known) node_.know(digest);
    if (found->use_is_news) {
        const auto noted = co_await tokens_.note_use(found->token.id);
        // The call goes on: that it was used is for people to look at, and the next use says so again.
        if (!noted) spdlog::warn("the use of an API token could not be noted: {}", noted.error().message());
    }
    co_return caller;
}

runtime::task<result<token_service::made_token>> token_service::create(user_id owner, std::string name,
                                                                       token_scope scope,
                                                                       std::chrono::milliseconds life, user::actor by) {
    auto text = make_token_text();
    new_token wanted{token_id{make_uuid_v7()}, owner, std::move(name), scope, life, token_digest(text)};
    auto made = co_await tokens_.create(std::move(wanted), std::move(by));
    if (!made) co_return made.error();
    co_return made_token{std::move(*made), std::move(text)};
}

}  // namespace stagedoor::admin
