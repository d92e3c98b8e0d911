#include "notify-service/src/hub/admin_feed.hpp"

namespace stagedoor::notify {

admin_feed::admin_feed(const std::optional<admin_place>& after)
    : within_{after ? std::optional{after->number} : std::nullopt},
      incarnation_{after ? after->incarnation : std::string{}} {}

std::optional<admin_place> admin_feed::place() const {
    const bool unknown = within_.state() == feed_state::reading && !within_.pending().from;
    if (unknown || incarnation_.empty() || within_.sent() == 0) return std::nullopt;
    return admin_place{incarnation_, within_.sent()};
}

letter_action admin_feed::on_letter(std::string_view incarnation, std::int64_t number) {
    if (within_.state() != feed_state::live) {
        heard_ = incarnation;
        return within_.on_letter(number);
    }
    if (is_before_any_life()) incarnation_ = incarnation;
    if (incarnation == incarnation_) return within_.on_letter(number);
    within_.on_history_lost();
    return letter_action::read;
}

std::optional<replay> admin_feed::on_read(std::uint32_t ticket, std::string_view incarnation,
                                          std::span<const std::int64_t> numbers, bool full) {
    if (within_.state() != feed_state::reading || ticket != within_.pending().ticket) return std::nullopt;
    const bool at_head = !within_.pending().from;
    if (at_head || is_before_any_life()) {
        incarnation_ = incarnation;
    } else if (incarnation != incarnation_) {
        // Of another life, or of none: numbers of this one mean nothing there.
        within_.on_history_lost();
        replay lost;
        lost.read_again = true;
        return lost;
    }
    auto plan = within_.on_read(ticket, numbers, full);
    // Numbers of two lives do not compare: a letter of another one, heard meanwhile, is looked for by reading on.
    const bool heard_of_another = !heard_.empty() && heard_ != incarnation_;
    heard_.clear();
    if (heard_of_another && within_.recheck()) plan->read_again = true;
    return plan;
}

}  // namespace stagedoor::notify
