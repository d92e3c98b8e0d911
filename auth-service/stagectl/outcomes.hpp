// What became of everybody, as it comes in, and how it is told.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "auth-service/stagectl/failure.hpp"
#include "auth-service/stagectl/people.hpp"

namespace stagedoor::ctl {

class outcomes {
public:
    outcomes(std::string action, std::size_t meant) : action_{std::move(action)}, meant_{meant} {}

    // As the API tells it, with `who` as the caller has written it. `again`: see posted.
    void add(boost::json::object one, const std::string& who, bool again);
    void add_unknown_person(const std::string& who);
    // A call about them went out, and its answer was lost.
    void add_in_doubt(const std::vector<person>& people);
    void delivery_is_pending() { pending_delivery_ = true; }

    // For --wait-delivered, which writes into them.
    boost::json::array& items() noexcept { return items_; }
    bool empty() const noexcept { return items_.empty(); }
    // How many of those meant were not come to.
    std::size_t left() const noexcept { return meant_ > items_.size() ? meant_ - items_.size() : 0; }

    // For people a line each, or of many a sum and the ones that went ill; for scripts JSON.
    void tell(bool as_json) const;
    exit_code code() const;

private:
    void tell_people() const;
    void tell_scripts() const;
    std::size_t of(const std::string& outcome) const;
    std::size_t refused() const { return of("invalid_transition") + of("not_found") + of("failed"); }

    const std::string action_;
    const std::size_t meant_;
    boost::json::array items_;
    std::map<std::string, std::size_t> counts_;
    std::size_t perhaps_ours_ = 0;  // told as already so, in an answer to a call that was made again
    bool pending_delivery_ = false;
};

}  // namespace stagedoor::ctl
