// One thing to do on a database thread, and whom to tell. Made by the threads' `submit`; nobody else needs it.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "common/core/errc.hpp"
#include "common/core/limits.hpp"
#include "common/sql/database.hpp"

namespace stagedoor::sql {

// How long a job takes its thread.
enum class job_size : std::uint8_t {
    small,
    large,  // some milliseconds
};

class work {
public:
    // `patience`: how long it may wait for its turn.
    work(std::chrono::milliseconds patience, job_size size) : patience_{patience}, size_{size} {}
    virtual ~work() = default;

    job_size size() const noexcept { return size_; }

    // It has waited longer: whoever asked wants to hear something now.
    bool is_overdue() const noexcept { return std::chrono::steady_clock::now() - since_ > patience_; }

    // Does it and keeps the outcome. An exception is a bug in the job and counts as errc::internal_error.
    virtual result<void> run(database& db) noexcept = 0;

    // Tells the outcome, or `failure` where the outcome did not come to be. Once.
    virtual void answer() noexcept = 0;
    virtual void answer(boost::system::error_code failure) noexcept = 0;

private:
    const std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
    const std::chrono::milliseconds patience_;
    const job_size size_;
};

// `job(database&)` returns a result; `done(that result)` is called exactly once and must not throw.
template <class Job, class Done>
class work_of final : public work {
public:
    using outcome = std::invoke_result_t<Job&, database&>;

    work_of(Job job, Done done, std::chrono::milliseconds patience, job_size size)
        : work{patience, size}, job_{std::move(job)}, done_{std::move(done)} {}

    result<void> run(database& db) noexcept override {
        try {
            outcome_.emplace(job_(db));
        } catch (const std::exception&) {
            outcome_.emplace(errc::internal_error);
        }
        if (!*outcome_) return outcome_->error();
        return {};
    }

    void answer() noexcept override { done_(std::move(*outcome_)); }
    void answer(boost::system::error_code failure) noexcept override { done_(outcome{failure}); }

private:
    Job job_;
    Done done_;
    std::optional<outcome> outcome_;
};

template <class Job, class Done>
std::unique_ptr<work> make_work(Job job, Done done, std::chrono::milliseconds patience = limits::database_queue_time,
                                job_size size = job_size::small) {
    return std::make_unique<work_of<Job, Done>>(std::move(job), std::move(done), patience, size);
}

}  // namespace stagedoor::sql
