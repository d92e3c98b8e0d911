#include "auth-service/src/session/ledger_check.hpp"

#include "common/core/limits.hpp"

namespace stagedoor::session {
namespace {

// Counts itself in and out, however the coroutine that holds it ends.
struct place {
    explicit place(std::size_t& taken) : taken_{taken} { ++taken_; }
    ~place() { --taken_; }
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    std::size_t& taken_;
};

}  // namespace

result<void> judge_by_ledger(const std::optional<ledger_state>& found, const session_ref& who) noexcept {
    if (!found) return errc::session_unknown;
    if (found->ended) return *found->ended;
    if (found->read_at >= found->entry.expires_at) return errc::session_expired_absolute;
    if (!epoch_lives(found->entry.epoch, who.session, found->facts)) return errc::session_revoked;
    if (found->facts.status == user_status::suspended) return errc::session_revoked;
    return {};
}

runtime::task<result<ledger_state>> ledger_check::ask(session_ref who) {
    if (asking_ >= limits::ledger_checks) {
        ++node_.ledger.overloaded;
        co_return errc::overloaded;
    }
    const place taken{asking_};
    auto found = co_await ledger_.find(who);
    if (!found) {
        ++node_.ledger.unavailable;
        co_return found.error();
    }
    const auto lives = judge_by_ledger(*found, who);
    if (!lives) {
        if (node_.unheard.note(who)) co_return lives.error();
        ++node_.ledger.overloaded;
        co_return errc::overloaded;
    }
    node_.told.remember(who.user, (*found)->facts.version);
    co_return std::move(**found);
}

}  // namespace stagedoor::session
