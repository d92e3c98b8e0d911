// What every store promises to admins' tools: decisions about many, who did what, API tokens, answers that are kept.
#include <algorithm>

#include "auth-service/src/store/sqlite_answer_store.hpp"
#include "tests/contract/store/people.hpp"

using namespace stagedoor;
using namespace stagedoor::tests;
using outcome_kind = approval::transition_outcome::kind;
using standing = admin::kept_request::standing;

namespace {

const user::actor from_the_office{"somebody", "api", "192.0.2.1"};

user_facts add_admin(stores& all, const std::string& email = "boss@example.com") {
    auto boss = new_manager(email);
    boss.role = user_role::admin;
    boss.status = user_status::active;
    return wait(all.users().create(boss, somebody))->facts;
}

admin::new_token wish(const user_facts& owner, admin::token_scope scope = admin::token_scope::read) {
    return {admin::token_id{make_uuid_v7()},
            owner.id,
            "a tool",
            scope,
            std::chrono::hours{1},
            admin::token_digest(admin::make_token_text())};
}

admin::denial_sum refused(int count, const std::string& address = "192.0.2.7") {
    admin::denial what;
    what.method = "POST";
    what.route = "/api/admin/tokens";
    what.address = address;
    what.at = system_now();
    return {what, count, what.at, false};
}

sha256_digest named(const std::string& text) { return sha256(text); }

}  // namespace

TEST_CASE("a batch has an outcome for each, in order, and what befalls one is no matter to the others") {
    const auto all = make_stores();
    const auto ada = add_manager(*all), bert = add_manager(*all, "bert@example.com");
    const auto boss = add_admin(*all);
    decide(*all, bert.id, "reject", "no");
    const user_id nobody{make_uuid_v7()};
    const auto outcomes = *wait(all->approvals().apply_batch(
        {{nobody, ada.id, bert.id, ada.id, boss.id}, find_transition("approve"), "all"}, from_the_office));
    REQUIRE(outcomes.size() == 5);
    CHECK(outcomes[0].error() == errc::not_found);
    CHECK(outcomes[1]->what == outcome_kind::done);
    CHECK(outcomes[1]->event->reason == "all");
    CHECK(outcomes[2]->what == outcome_kind::not_allowed);
    CHECK(outcomes[2]->by->id == "somebody");
    CHECK(outcomes[2]->by->action == "rejected");
    CHECK(outcomes[3]->what == outcome_kind::already);
    CHECK(outcomes[3]->outbox_id == outcomes[1]->outbox_id);
    CHECK(outcomes[4].error() == errc::not_found);
    CHECK(wait(all->users().find(bert.id))->status == user_status::rejected);
}

TEST_CASE("a batch that names versions decides about those alone who have them") {
    const auto all = make_stores();
    const auto ada = add_manager(*all), bert = add_manager(*all, "bert@example.com");
    const auto cora = add_manager(*all, "cora@example.com");
    all->run_sql("UPDATE users SET display_name = 'Other' WHERE email = 'bert@example.com'");
    decide(*all, cora.id, "approve", "");
    approval::batch_request batch{{ada.id, bert.id, cora.id}, find_transition("approve"), "", {1, 1, 1}};
    const auto outcomes = *wait(all->approvals().apply_batch(batch, from_the_office));
    CHECK(outcomes[0]->what == outcome_kind::done);
    CHECK(outcomes[1]->what == outcome_kind::outdated);
    CHECK(outcomes[1]->by->id == "sql");
    CHECK(outcomes[2]->what == outcome_kind::already);
    CHECK(wait(all->users().find(bert.id))->status == user_status::pending);

    batch.expected_versions = {2, 2, 2};
    const auto again = *wait(all->approvals().apply_batch(batch, from_the_office));
    CHECK(again[0]->what == outcome_kind::not_allowed);
    CHECK(again[1]->what == outcome_kind::done);
    CHECK(again[2]->what == outcome_kind::not_allowed);
}

TEST_CASE("a person of a batch whose outbox a hand has spoilt keeps nobody else from being decided") {
    const auto all = make_stores();
    const auto ada = add_manager(*all), bert = add_manager(*all, "bert@example.com");
    all->run_sql(
        "INSERT INTO outbox (kind, user_id, version, event_type, facts, actor, at_ms) VALUES ('user_event', '" +
        ada.id.text() + "', 2, 'updated', '{}', 'x', 0)");
    const auto outcomes =
        *wait(all->approvals().apply_batch({{ada.id, bert.id}, find_transition("approve"), ""}, somebody));
    CHECK(outcomes[0].error() == errc::internal_error);
    CHECK(outcomes[1]->what == outcome_kind::done);
    CHECK(wait(all->users().find(ada.id))->version == 1);
}

TEST_CASE("a decision about another version than the present one is none, and says who made that one") {
    const auto all = make_stores();
    const auto ada = add_manager(*all);
    const auto approve = [&](std::int64_t seen) {
        return *wait(all->approvals().apply({ada.id, find_transition("approve"), "", seen}, somebody));
    };
    CHECK(approve(2).what == outcome_kind::outdated);
    all->run_sql("UPDATE users SET display_name = 'Other'");
    const auto outdated = approve(1);
    CHECK(outdated.what == outcome_kind::outdated);
    CHECK(outdated.by->id == "sql");
    CHECK(outdated.by->action == "updated");
    CHECK(approve(2).what == outcome_kind::done);
    CHECK(approve(2).what == outcome_kind::already);
    CHECK(approve(3).what == outcome_kind::not_allowed);
}

TEST_CASE("a search reaches everybody by its cursor, also where most are not looked at in one go") {
    const auto all = make_stores();
    all->run_sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50100) "
        "INSERT INTO users (id, email, display_name) SELECT printf('01900000-%04x-7000-8000-%012x', i / 65536, i), "
        "printf('p%d@example.com', i), iif(i IN (1, 2, 50050), 'Needle', 'Hay') FROM n");
    approval::list_query query;
    query.search = "needle";
    query.limit = 1;
    std::vector<std::string> found;
    std::vector<user_id> found_ids;
    std::size_t pages = 0;
    for (bool more = true; more; ++pages) {
        const auto page = *wait(all->approvals().list(query));
        CHECK(page.totals.at(user_status::pending) == 50'100);
        for (const auto& item : page.items) {
            found.push_back(item.facts.email);
            found_ids.push_back(item.facts.id);
        }
        query.before = page.next;
        more = page.next.has_value();
    }
    CHECK(found == std::vector<std::string>{"p50050@example.com", "p2@example.com", "p1@example.com"});
    CHECK(pages <= 5);
    approval::list_query exact;
    exact.email = "P7@Example.com";
    CHECK(wait(all->approvals().list(exact))->items.size() == 1);
    exact.status = user_status::active;
    CHECK(wait(all->approvals().list(exact))->items.empty());
    approval::list_query one;
    one.user = found_ids.back();
    one.search = "what is asked for beside an id is not looked at";
    CHECK(wait(all->approvals().list(one))->items.at(0).facts.email == "p1@example.com");
    one.email = "p2@example.com";
    CHECK(wait(all->approvals().list(one))->items.empty());
}

TEST_CASE("a token is found by its digest alone, is used, and ends for good") {
    const auto all = make_stores();
    const auto boss = add_admin(*all);
    const auto wanted = wish(boss, admin::token_scope::approve);
    const auto made = wait(all->tokens().create(wanted, from_the_office));
    REQUIRE(made.has_value());
    CHECK(made->owner == boss);
    CHECK(made->expires_at - made->created_at == std::chrono::hours{1});
    CHECK_FALSE(*wait(all->tokens().find(admin::token_digest("another"))));
    auto found = *wait(all->tokens().find(wanted.digest));
    REQUIRE(found);
    CHECK(found->token.id == wanted.id);
    CHECK(found->token.scope == admin::token_scope::approve);
    CHECK_FALSE(found->expired);
    CHECK(found->use_is_news);
    REQUIRE(wait(all->tokens().note_use(wanted.id)).has_value());
    CHECK_FALSE((*wait(all->tokens().find(wanted.digest)))->use_is_news);
    REQUIRE(wait(all->tokens().revoke(wanted.id, from_the_office)).has_value());
    REQUIRE(wait(all->tokens().revoke(wanted.id, somebody)).has_value());
    CHECK((*wait(all->tokens().find(wanted.digest)))->token.revoked_at);
    CHECK(wait(all->tokens().revoke(admin::token_id{make_uuid_v7()}, somebody)).error() == errc::not_found);
}

TEST_CASE("tokens belong to active admins, 50 at most, and go with their role or status") {
    const auto all = make_stores();
    const auto ada = add_manager(*all), boss = add_admin(*all);
    CHECK(wait(all->tokens().create(wish(ada), somebody)).error() == errc::forbidden);
    std::vector<admin::new_token> made;
    for (int i = 0; i < 50; ++i) {
        made.push_back(wish(boss));
        REQUIRE(wait(all->tokens().create(made.back(), somebody)).has_value());
    }
    CHECK(wait(all->tokens().create(wish(boss), somebody)).error() == errc::too_many_tokens);
    all->run_sql("UPDATE users SET role = 'stage_manager' WHERE id = '" + boss.id.text() + "'");
    all->run_sql("UPDATE users SET role = 'admin' WHERE id = '" + boss.id.text() + "'");
    for (const auto& each : made) CHECK((*wait(all->tokens().find(each.digest)))->token.revoked_at);

    std::size_t listed = 0;
    std::optional<admin::token_id> before;
    for (bool more = true; more;) {
        const auto page = *wait(all->tokens().list(before, 20));
        listed += page.items.size();
        more = page.more;
        before = page.items.back().id;
    }
    CHECK(listed == 50);
}

TEST_CASE("the audit log says by whom, from where, with what and why, newest first and page by page") {
    const auto all = make_stores();
    const auto ada = add_manager(*all);
    user::actor tool{"tool-owner", "token", "192.0.2.9", "0190f000-0000-7000-8000-00000000000a"};
    REQUIRE(wait(all->approvals().apply({ada.id, find_transition("approve"), "Welcome", {}}, tool)).has_value());
    all->run_sql("UPDATE users SET display_name = 'Other'");
    admin::audit_query query;
    query.user = ada.id;
    const auto page = *wait(all->audit().list(query));
    REQUIRE(page.items.size() == 3);
    CHECK_FALSE(page.next);
    const auto& approved = page.items[1];
    CHECK(approved.action == "approved");
    CHECK(approved.actor.id == "tool-owner");
    CHECK_FALSE(approved.actor.email);
    CHECK(approved.origin == "token");
    CHECK(approved.address == "192.0.2.9");
    CHECK(approved.token == "0190f000-0000-7000-8000-00000000000a");
    CHECK(approved.reason == "Welcome");
    CHECK(approved.version == 2);
    CHECK(approved.user->email == "ada@example.com");
    CHECK(page.items[0].origin == "sql");
    CHECK_FALSE(page.items[0].address);

    query.limit = 1;
    std::vector<std::int64_t> ids;
    for (bool more = true; more;) {
        const auto part = *wait(all->audit().list(query));
        for (const auto& each : part.items) ids.push_back(each.id);
        query.before = part.next;
        more = part.next.has_value();
    }
    CHECK(ids == std::vector<std::int64_t>{page.items[0].id, page.items[1].id, page.items[2].id});
}

TEST_CASE("the audit log is asked by user, actor, action and time, alone and together") {
    const auto all = make_stores();
    const auto ada = add_manager(*all), bert = add_manager(*all, "bert@example.com");
    decide(*all, ada.id, "approve");
    decide(*all, bert.id, "reject");
    const auto count = [&](auto set) {
        admin::audit_query query;
        set(query);
        return wait(all->audit().list(query))->items.size();
    };
    CHECK(count([](auto&) {}) == 4);
    CHECK(count([&](auto& q) { q.user = ada.id; }) == 2);
    CHECK(count([](auto& q) { q.actor = "somebody"; }) == 4);
    CHECK(count([](auto& q) { q.action = "registered"; }) == 2);
    CHECK(count([&](auto& q) {
              q.user = ada.id;
              q.action = "rejected";
          }) == 0);
    CHECK(count([&](auto& q) {
              q.user = ada.id;
              q.action = "approved";
              q.actor = "somebody";
          }) == 1);
    CHECK(count([](auto& q) { q.since = system_now() + std::chrono::hours{1}; }) == 0);
    CHECK(count([](auto& q) { q.until = system_now() - std::chrono::hours{1}; }) == 0);
    CHECK(count([](auto& q) {
              q.since = system_now() - std::chrono::hours{1};
              q.until = system_now() + std::chrono::hours{1};
          }) == 4);
}

TEST_CASE("whoever follows the audit log gets each entry once, in the order of the commits, whatever the clock does") {
    const auto all = make_stores();
    const auto ada = add_manager(*all);
    const auto follow = [&](std::optional<std::int64_t> after, std::size_t limit = 2) {
        admin::audit_query query;
        query.limit = limit;
        return *wait(all->audit().follow(query, after));
    };
    const auto begin = follow(std::nullopt);
    CHECK(begin.items.empty());
    CHECK(follow(begin.upto).items.empty());
    CHECK(follow(begin.upto).upto == begin.upto);

    decide(*all, ada.id, "approve");
    all->run_sql(  // by a clock that is an hour behind
        "INSERT INTO audit_log (user_id, action, actor, origin, at_ms) SELECT '', 'denied', 'nobody', 'api', now_ms - 3600000 FROM clock");
    decide(*all, ada.id, "suspend");
    decide(*all, ada.id, "reinstate");
    std::vector<std::string> seen;
    auto upto = begin.upto;
    for (bool more = true; more;) {
        const auto next = follow(upto);
        CHECK(next.items.size() <= 2);
        for (const auto& each : next.items) seen.push_back(each.action);
        more = next.upto != upto;
        upto = next.upto;
    }
    CHECK(seen == std::vector<std::string>{"approved", "denied", "suspended", "reinstated"});
    CHECK(follow(0, 100).items.size() == 5);
    CHECK(follow(upto + 7).upto == upto);
}

TEST_CASE("the audit log is followed by what is asked for, and past what is not") {
    const auto all = make_stores();
    const auto ada = add_manager(*all), bert = add_manager(*all, "bert@example.com");
    decide(*all, ada.id, "approve");
    decide(*all, bert.id, "reject");
    const auto actions = [&](auto set) {
        admin::audit_query query;
        set(query);
        std::string found;
        const auto stretch = *wait(all->audit().follow(query, 0));
        for (const auto& each : stretch.items) found += each.action + ' ';
        return found;
    };
    CHECK(actions([](auto&) {}) == "registered registered approved rejected ");
    CHECK(actions([&](auto& q) { q.user = bert.id; }) == "registered rejected ");
    CHECK(actions([](auto& q) { q.action = "approved"; }) == "approved ");
    CHECK(actions([](auto& q) { q.since = system_now() + std::chrono::hours{1}; }).empty());
    CHECK(actions([](auto& q) { q.until = system_now() - std::chrono::hours{1}; }).empty());

    admin::audit_query rare;
    rare.action = "rejected";
    rare.limit = 1;
    const auto first = *wait(all->audit().follow(rare, 0));
    CHECK(first.items.size() == 1);
    CHECK(wait(all->audit().follow(rare, first.upto))->upto == first.upto);
}

TEST_CASE("anybody is found by id or e-mail, admins too") {
    const auto all = make_stores();
    const auto ada = add_manager(*all);
    const auto boss = add_admin(*all);
    const auto found = [&](approval::user_ref who) { return *wait(all->approvals().find(std::move(who))); };
    CHECK(found(ada.id)->facts == ada);
    CHECK(found(std::string{"Boss@Example.com"})->facts == boss);
    CHECK_FALSE(found(user_id{make_uuid_v7()}));
    CHECK_FALSE(found(std::string{"boss"}));
}

TEST_CASE("refused calls are told as sums, and only so many are kept") {
    const auto all = make_stores();
    REQUIRE(wait(all->audit().add_denials({refused(3), refused(1, "192.0.2.8")})).has_value());
    const auto page = *wait(all->audit().list({}));
    REQUIRE(page.items.size() == 2);
    CHECK_FALSE(page.items[0].user);
    CHECK(page.items[0].actor.id == "nobody");
    CHECK(page.items[0].address == "192.0.2.8");
    CHECK(page.items[1].after->find("\"count\":3") != std::string::npos);

    add_manager(*all);
    all->run_sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100100) "
        "INSERT INTO audit_log (user_id, action, actor, origin, at_ms) SELECT '', 'denied', 'nobody', 'api', i FROM n");
    REQUIRE(wait(all->audit().add_denials({refused(1)})).has_value());
    admin::audit_query oldest;
    oldest.until = from_unix_ms(104);
    CHECK(wait(all->audit().list(oldest))->items.empty());
    oldest.until = from_unix_ms(105);
    CHECK(wait(all->audit().list(oldest))->items.size() == 1);
    admin::audit_query changes;
    changes.action = "registered";
    CHECK(wait(all->audit().list(changes))->items.size() == 1);
}

TEST_CASE("a key is fresh once, in flight until its answer is kept, and then answered; another request gets nothing") {
    const auto all = make_stores();
    auto& answers = all->answers();
    const auto begin = [&](const std::string& key, const std::string& request) {
        return *wait(answers.begin(named(key), named(request)));
    };
    CHECK(begin("a", "one").what == standing::fresh);
    CHECK(begin("a", "one").what == standing::in_flight);
    CHECK(begin("a", "two").what == standing::other);
    CHECK(begin("b", "one").what == standing::fresh);
    REQUIRE(wait(answers.keep(named("a"), "sealed")).has_value());
    REQUIRE(wait(answers.keep(named("a"), "again")).has_value());
    CHECK(begin("a", "one").what == standing::answered);
    CHECK(begin("a", "one").answer == "sealed");
    CHECK(begin("a", "two").what == standing::other);
    REQUIRE(wait(answers.forget(named("b"))).has_value());
    CHECK(begin("b", "one").what == standing::fresh);
    REQUIRE(wait(answers.forget(named("a"))).has_value());
    CHECK(begin("a", "one").what == standing::answered);
}

TEST_CASE("a key whose process died is fresh after the lease, and an answer is kept for its time") {
    const auto all = make_stores();
    auto& answers = all->answers();
    const auto age = [&](std::chrono::milliseconds by) {
        all->run_sql("UPDATE kept_answers SET begun_at_ms = begun_at_ms - " + std::to_string(by.count()));
    };
    REQUIRE(wait(answers.begin(named("a"), named("one"))).has_value());
    age(limits::kept_answer_lease);
    CHECK(wait(answers.begin(named("a"), named("two")))->what == standing::fresh);
    REQUIRE(wait(answers.keep(named("a"), "sealed")).has_value());
    age(limits::kept_answer_time - std::chrono::minutes{1});
    CHECK(wait(answers.begin(named("a"), named("two")))->what == standing::answered);
    age(std::chrono::minutes{2});
    REQUIRE(wait(answers.purge()).has_value());
    CHECK(wait(answers.begin(named("a"), named("two")))->what == standing::fresh);
}

TEST_CASE("answers are bounded in number and in room") {
    const auto all = make_stores();
    auto& answers = all->answers();
    all->run_sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) "
        "INSERT INTO kept_answers (key_hash, request, begun_at_ms, answer) "
        "SELECT CAST(printf('%032d', i) AS BLOB), zeroblob(32), now_ms, zeroblob(8) FROM n, clock");
    REQUIRE(wait(answers.begin(named("a"), named("one"))).has_value());
    sha256_digest oldest{};
    std::ranges::copy(std::string{"00000000000000000000000000000001"}, oldest.begin());
    CHECK(wait(answers.begin(oldest, sha256_digest{}))->what == standing::fresh);
    const std::string large(limits::kept_answer_bytes / 4, 'x');
    REQUIRE(wait(answers.begin(named("small"), named("one"))).has_value());
    REQUIRE(wait(answers.keep(named("small"), std::string(store::large_answer_bytes, 'x'))).has_value());
    for (const auto* key : {"b", "c", "d", "e", "f"}) {
        REQUIRE(wait(answers.begin(named(key), named("one"))).has_value());
        REQUIRE(wait(answers.keep(named(key), large)).has_value());
    }
    CHECK(wait(answers.begin(named("f"), named("one")))->what == standing::answered);
    CHECK(wait(answers.begin(named("b"), named("one")))->what == standing::fresh);
    // Large ones push out each other alone.
    CHECK(wait(answers.begin(named("small"), named("one")))->what == standing::answered);
}
