// The port to the API tokens in the database: what they may do, in whose name, and until when.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auth-service/src/admin/api_token.hpp"
#include "auth-service/src/user/user_store.hpp"
#include "common/core/clock.hpp"
#include "common/core/limits.hpp"

namespace stagedoor::admin {

struct new_token {
    token_id id;
    user_id owner;
    std::string name;
    token_scope scope = token_scope::read;
    std::chrono::milliseconds life = limits::api_token_life_default;  // at most limits::api_token_life_max
    sha256_digest digest{};
};

struct api_token {
    token_id id;
    std::string name;
    token_scope scope = token_scope::read;
    user_facts owner;  // as of now
    instant created_at;
    instant expires_at;
    std::optional<instant> last_used_at;  // written at most once in limits::api_token_use_interval
    std::optional<instant> revoked_at;
};

// A token as it is at this moment of the database's clock.
struct presented_token {
    api_token token;
    bool expired = false;
    bool use_is_news = false;  // its last use was noted so long ago that this one has to be
};

struct token_page {
    std::vector<api_token> items;  // newest first
    bool more = false;
};

// All calls: errc::database_unavailable, errc::database_busy, errc::overloaded.
class token_store {
public:
    virtual ~token_store() = default;

    // errc::forbidden: the owner is no active admin. errc::too_many_tokens.
    virtual runtime::task<result<api_token>> create(new_token token, user::actor by) = 0;

    virtual runtime::task<result<std::optional<presented_token>>> find(sha256_digest digest) = 0;

    virtual runtime::task<result<void>> note_use(token_id token) = 0;

    // For good. Repeating it is no error. errc::not_found.
    virtual runtime::task<result<void>> revoke(token_id token, user::actor by) = 0;

    // Everybody's, those that are over too. `before`: the last id of the page before; ids sort by time.
    virtual runtime::task<result<token_page>> list(std::optional<token_id> before, std::size_t limit) = 0;
};

}  // namespace stagedoor::admin
