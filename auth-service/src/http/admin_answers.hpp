// What the admin API answers, as JSON. proto-docs/openapi.yaml describes the same.
#pragma once

#include <string>
#include <string_view>

#include "auth-service/src/admin/audit_store.hpp"
#include "auth-service/src/admin/token_service.hpp"
#include "auth-service/src/approval/approval_service.hpp"
#include "common/http/response.hpp"

namespace stagedoor::api {

// {"items","nextCursor","totals"}; null: they were not asked for
std::string page_json(const approval::user_page& page);

// {"items","nextCursor"} with one user, or none.
std::string user_json(const std::optional<approval::listed_user>& user);

// {"user","event","delivery","changed","by"}
std::string decided_json(const approval::decided& decided);

// 409: what the status did not allow, or how the user has changed meanwhile; with `by`, `at`, `did`, `status` and
// `version`.
http::response undone_problem(const approval::transition_outcome& outcome, std::string_view action);

// Whether every one of them is decided about: none is `failed`.
bool is_whole(const approval::bulk_decided& decided) noexcept;

// {"items","counts","delivery"}: an outcome for each of `users`, in order.
std::string bulk_json(const std::vector<user_id>& users, const approval::bulk_decided& decided);

// {"items","nextCursor"}
std::string audit_json(const admin::audit_page& page);
std::string audit_json(const admin::audit_stretch& stretch);
std::string tokens_json(const admin::token_page& page);

// {"token","apiToken"}: the text is in no other answer.
std::string made_token_json(const admin::token_service::made_token& made);

// One more member of the object that `out` ends with: a text, or null.
void append_optional(std::string& out, std::string_view name, const std::optional<std::string>& text);

// {"id","email","displayName"}, appended: a user, or a part of the system ("sql"), of which there is but the id.
void append_named(std::string& out, std::string_view id, const std::optional<std::string>& email,
                  const std::optional<std::string>& display_name);

}  // namespace stagedoor::api
