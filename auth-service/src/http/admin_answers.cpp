#include "auth-service/src/http/admin_answers.hpp"

#include <algorithm>
#include <array>

#include "common/core/event.hpp"
#include "common/core/json.hpp"

namespace stagedoor::api {
namespace {

void append_name(std::string& out, std::string_view name) {
    if (out.back() != '{') out.append(",");
    out.append("\"").append(name).append("\":");
}

void append_text(std::string& out, std::string_view name, std::string_view text) {
    append_name(out, name);
    append_json_string(out, text);
}

void append_time(std::string& out, std::string_view name, const std::optional<instant>& at) {
    append_optional(out, name, at ? std::optional{format_rfc3339(*at)} : std::nullopt);
}

// JSON as the database has it.
void append_json(std::string& out, std::string_view name, const std::optional<std::string>& json) {
    append_name(out, name);
    out.append(json ? *json : "null");
}

void append_author(std::string& out, const approval::author_of_change& by) {
    append_name(out, "by");
    append_named(out, by.id, by.email, by.display_name);
}

// The status quo that kept a transition from being made, and who made it; members of an object.
void append_state(std::string& out, const approval::transition_outcome& outcome) {
    append_text(out, "userStatus", to_string(outcome.facts.status));
    append_name(out, "version");
    out.append(std::to_string(outcome.facts.version));
    if (!outcome.by) return;
    append_text(out, "did", outcome.by->action);
    append_author(out, *outcome.by);
    append_time(out, "at", outcome.by->at);
}

enum class bulk_word : std::uint8_t { done, already, invalid_transition, version_conflict, not_found, failed };
constexpr std::array<std::string_view, 6> outcome_words{"done",             "already",   "invalid_transition",
                                                        "version_conflict", "not_found", "failed"};

bulk_word word_of(const result<approval::transition_outcome>& outcome) noexcept {
    using kind = approval::transition_outcome::kind;
    if (!outcome) return to_errc(outcome.error()) == errc::not_found ? bulk_word::not_found : bulk_word::failed;
    switch (outcome->what) {
        case kind::done: return bulk_word::done;
        case kind::already: return bulk_word::already;
        case kind::not_allowed: return bulk_word::invalid_transition;
        case kind::outdated: return bulk_word::version_conflict;
    }
    return bulk_word::failed;
}

void append_token(std::string& out, const admin::api_token& token) {
    out.append("{");
    append_text(out, "id", token.id.text());
    append_text(out, "name", token.name);
    append_text(out, "scope", to_string(token.scope));
    append_name(out, "owner");
    append_named(out, token.owner.id.text(), token.owner.email, token.owner.display_name);
    append_time(out, "createdAt", token.created_at);
    append_time(out, "expiresAt", token.expires_at);
    append_time(out, "lastUsedAt", token.last_used_at);
    append_time(out, "revokedAt", token.revoked_at);
    out.append("}");
}

// Facts of a user before and after a change; of what is no change of a user, what there is to say.
void append_what(std::string& out, const admin::audit_entry& entry) {
    const bool is_change = entry.version.has_value();
    const std::optional<std::string> none;
    append_json(out, "before", is_change ? entry.before : none);
    append_json(out, "after", is_change ? entry.after : none);
    append_json(out, "details", is_change ? none : entry.after);
}

void append_entry(std::string& out, const admin::audit_entry& entry) {
    out.append("{");
    append_name(out, "id");
    out.append(std::to_string(entry.id));
    append_time(out, "at", entry.at);
    append_text(out, "action", entry.action);
    append_name(out, "user");
    entry.user ? append_named(out, entry.user->id, entry.user->email, entry.user->display_name)
               : static_cast<void>(out.append("null"));
    append_name(out, "actor");
    append_named(out, entry.actor.id, entry.actor.email, entry.actor.display_name);
    append_text(out, "origin", entry.origin);
    append_optional(out, "address", entry.address);
    append_optional(out, "tokenId", entry.token);
    append_optional(out, "sessionId", entry.session);
    append_optional(out, "reason", entry.reason);
    append_name(out, "version");
    out.append(entry.version ? std::to_string(*entry.version) : "null");
    append_what(out, entry);
    out.append("}");
}

void append_entries(std::string& out, const std::vector<admin::audit_entry>& entries) {
    append_name(out, "items");
    out.append("[");
    for (const auto& each : entries) {
        if (out.back() != '[') out.append(",");
        append_entry(out, each);
    }
    out.append("]");
}

void append_listed(std::string& out, const approval::listed_user& user) {
    append_public_json(out, user.facts);
    out.pop_back();
    append_time(out, "createdAt", user.created_at);
    out.append("}");
}

}  // namespace

void append_optional(std::string& out, std::string_view name, const std::optional<std::string>& text) {
    append_name(out, name);
    text ? append_json_string(out, *text) : static_cast<void>(out.append("null"));
}

void append_named(std::string& out, std::string_view id, const std::optional<std::string>& email,
                  const std::optional<std::string>& display_name) {
    out.append("{");
    append_text(out, "id", id);
    append_optional(out, "email", email);
    append_optional(out, "displayName", display_name);
    out.append("}");
}

std::string page_json(const approval::user_page& page) {
    std::string out = "{\"items\":[";
    for (const auto& item : page.items) {
        if (out.back() != '[') out.append(",");
        append_listed(out, item);
    }
    out.append("]");
    append_optional(out, "nextCursor", page.next ? std::optional{page.next->text()} : std::nullopt);
    if (page.totals.empty()) return out + ",\"totals\":null}";
    out.append(",\"totals\":{");
    for (const auto& [status, count] : page.totals) {
        append_name(out, to_string(status));
        out.append(std::to_string(count));
    }
    return out + "}}";
}

std::string user_json(const std::optional<approval::listed_user>& user) {
    std::string out = "{\"items\":[";
    if (user) append_listed(out, *user);
    return out + "],\"nextCursor\":null}";
}

std::string decided_json(const approval::decided& decided) {
    const auto& outcome = decided.outcome;
    std::string out = "{\"user\":";
    append_public_json(out, outcome.facts);
    out.append(",\"event\":").append(outcome.event ? to_frame(*outcome.event) : "null");
    append_text(out, "delivery", to_string(decided.delivery));
    append_name(out, "changed");
    out.append(outcome.what == approval::transition_outcome::kind::done ? "true" : "false");
    if (outcome.by) append_author(out, *outcome.by);
    return out + "}";
}

http::response undone_problem(const approval::transition_outcome& outcome, std::string_view action) {
    const bool outdated = outcome.what == approval::transition_outcome::kind::outdated;
    std::string detail;
    if (outdated) {
        detail = "The account is at version " + std::to_string(outcome.facts.version) + ".";
    } else {
        detail = "A user who is ";
        detail.append(to_string(outcome.facts.status)).append(" cannot be the subject of ").append(action).append(".");
    }
    std::string members = "{";
    append_state(members, outcome);
    return http::response::problem_with(outdated ? errc::version_conflict : errc::invalid_transition, std::move(detail),
                                        members.substr(1));
}

bool is_whole(const approval::bulk_decided& decided) noexcept {
    return std::ranges::none_of(decided.outcomes,
                                [](const auto& outcome) { return word_of(outcome) == bulk_word::failed; });
}

std::string bulk_json(const std::vector<user_id>& users, const approval::bulk_decided& decided) {
    std::string out = "{\"items\":[";
    constexpr std::size_t usual_item = 100;
    out.reserve(users.size() * usual_item);
    std::array<std::size_t, outcome_words.size()> counts{};
    for (std::size_t i = 0; i < users.size(); ++i) {
        const auto& outcome = decided.outcomes[i];
        const auto word = word_of(outcome);
        counts[static_cast<std::size_t>(word)] += 1;
        out.append(i == 0 ? "{" : ",{");
        append_text(out, "id", users[i].text());
        append_text(out, "outcome", outcome_words[static_cast<std::size_t>(word)]);
        if (word == bulk_word::done) {
            append_name(out, "version");
            out.append(std::to_string(outcome->facts.version));
        } else if (outcome) {
            append_state(out, *outcome);
        } else if (word == bulk_word::failed) {
            append_text(out, "code", problem_of(to_errc(outcome.error())).code);
        }
        out.append("}");
    }
    out.append("],\"counts\":{");
    for (std::size_t i = 0; i < counts.size(); ++i) {
        append_name(out, outcome_words[i]);
        out.append(std::to_string(counts[i]));
    }
    out.append("}");
    append_text(out, "delivery", to_string(decided.delivery));
    return out + "}";
}

std::string audit_json(const admin::audit_page& page) {
    std::string out = "{";
    append_entries(out, page.items);
    append_optional(out, "nextCursor", page.next ? std::optional{format_cursor(*page.next)} : std::nullopt);
    return out + "}";
}

std::string audit_json(const admin::audit_stretch& stretch) {
    std::string out = "{";
    append_entries(out, stretch.items);
    append_optional(out, "nextCursor", std::to_string(stretch.upto));
    return out + "}";
}

std::string tokens_json(const admin::token_page& page) {
    std::string out = "{\"items\":[";
    for (const auto& item : page.items) {
        if (out.back() != '[') out.append(",");
        append_token(out, item);
    }
    out.append("]");
    append_optional(out, "nextCursor", page.more ? std::optional{page.items.back().id.text()} : std::nullopt);
    return out + "}";
}

std::string made_token_json(const admin::token_service::made_token& made) {
    std::string out = "{";
    append_text(out, "token", made.text);
    append_name(out, "apiToken");
    append_token(out, made.token);
    return out + "}";
}

}  // namespace stagedoor::api
