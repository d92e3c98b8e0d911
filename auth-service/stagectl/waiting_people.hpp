// Everybody who waits, page by page from the newest on, so that who registers meanwhile is left for the next time. While
// some of them are decided about, the next ones are read by a thread and a connection of their own.
#pragma once

#include <future>
#include <string>
#include <vector>

#include "auth-service/stagectl/patience.hpp"
#include "auth-service/stagectl/people.hpp"

namespace stagedoor::ctl {

// How many there are.
std::size_t count_waiting(api& server);

class waiting_people {
public:
    // `most` of them at a time, at least 1.
    waiting_people(const api& server, std::size_t most) : ahead_{server.at(), server.who()}, most_{most} {}
    waiting_people(const waiting_people&) = delete;
    waiting_people& operator=(const waiting_people&) = delete;

    // The next of them; nobody: that were all. At first a page, so that the others can be read meanwhile. What could not be
    // read ahead is read by `server`, with its patience.
    std::vector<person> next(patient_calls& server);

private:
    struct reading {
        std::vector<person> people;
        std::string cursor;  // of the next page
        bool end = false;
    };
    template <class Get>
    void read_page(const Get& get, reading& into) const;
    reading read_ahead(reading from);

    api ahead_;
    const std::size_t most_;
    reading here_;
    std::future<reading> coming_;  // after `ahead_`: joined before that goes
};

}  // namespace stagedoor::ctl
