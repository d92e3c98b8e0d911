#include "notify-service/src/receipts/receipt_book.hpp"

#include <algorithm>

#include "common/core/limits.hpp"
#include "common/runtime/failpoint.hpp"

namespace stagedoor::notify {

using std::chrono::steady_clock;

void receipt_line::begin(std::int64_t version) {
    if (number_ != 0 && version == written_) return;
    close();
    book_.begin(*this, version);
}

void receipt_line::wrote(std::int64_t version) {
    if (number_ == 0 || version <= written_) return;
    written_ = version;
    book_.note(*this);
}

void receipt_line::acknowledged(std::int64_t version) {
    version = std::min(version, written_);
    if (number_ == 0 || version <= acknowledged_) return;
    acknowledged_ = version;
    book_.note(*this);
}

void receipt_line::ended(std::int64_t version) {
    if (number_ == 0 || version <= written_) return;
    ended_ = version;
    book_.note(*this);
}

void receipt_line::close() {
    if (number_ != 0) book_.close(*this);
}

void receipt_book::begin(receipt_line& line, std::int64_t version) {
    line.number_ = next_number_++;
    line.after_ = line.written_ = line.acknowledged_ = version;
    line.ended_ = 0;
    line.told_in_ = 0;
    news_.push_back(line);
    if (untold() == 1) bell_.notify_all();
}

void receipt_book::note(receipt_line& line) noexcept {
    if (line.told_in_ != telling_) return;  // it is among the news
    line.told_in_ = 0;
    news_.splice(news_.end(), settled_, settled_.iterator_to(line));
    if (untold() == 1) bell_.notify_all();
}

void receipt_book::close(receipt_line& line) {
    auto last = word_about(line);
    last.what.open = false;
    (line.told_in_ == telling_ ? settled_ : news_).erase(lines::s_iterator_to(line));
    line.number_ = 0;
    remember_closed(last);
}

void receipt_book::remember_closed(const receipt_word& word) {
    if (closed_.size() >= limits::receipt_backlog) return counts_.receipts_dropped.add();
    closed_.push_back(word);
    if (untold() == 1) bell_.notify_all();
}

receipt_word receipt_book::word_about(const receipt_line& line) const {
    const bool open = line.ended_ == 0;
    return {line.user_,
            line.number_,
            {open, line.acknowledges_, line.after_, line.written_, line.acknowledged_, now_(), line.ended_}};
}

void receipt_book::tell_again() noexcept {
    ++telling_;
    news_.splice(news_.end(), settled_);
    bell_.notify_all();
}

runtime::task<void> receipt_book::finish(steady_clock::time_point deadline) {
    stopping_ = true;
    bell_.notify_all();
    stop_.notify_all();
    if (!ended_) co_await end_.wait_until(deadline);
}

runtime::task<void> receipt_book::run() {
    auto next_sign = steady_clock::now();
    auto next_renewal = steady_clock::now() + limits::receipt_renewal;
    bool put = true;
    while (!stopping_) {
        const auto now = steady_clock::now();
        if (now >= next_sign) {
            store_.sign_of_life();
            next_sign = now + limits::receipt_holder_renewal;
        }
        if (now >= next_renewal) {
            tell_again();
            next_renewal = now + limits::receipt_renewal;
        }
        if (untold() == 0) {
            co_await bell_.wait_until(next_sign);
            continue;
        }
        // Events gather meanwhile; a Redis that is away is not asked more often.
        co_await stop_.wait_until(now + (put ? limits::receipt_interval : limits::redis_backoff_max));
        put = co_await put_news();
    }
    co_await put_news();
    ended_ = true;
    end_.notify_all();
}

runtime::task<bool> receipt_book::put_news() {
    // What becomes new meanwhile waits for the next time.
    for (auto left = untold(); left > 0;) {
        take_batch();
        if (batch_.empty()) break;
        left -= std::min(left, batch_.size());
        runtime::failpoint("receipts");
        const auto put = co_await store_.put(batch_);
        if (!put) {
            tell_again();
            for (const auto& word : batch_) {
                if (!word.what.open) remember_closed(word);
            }
            co_return false;
        }
        counts_.receipts.add(batch_.size());
    }
    co_return true;
}

void receipt_book::take_batch() {
    batch_.clear();
    const auto count = std::min(closed_.size(), limits::receipt_batch);
    batch_.assign(closed_.end() - static_cast<std::ptrdiff_t>(count), closed_.end());
    closed_.resize(closed_.size() - count);
    while (!news_.empty() && batch_.size() < limits::receipt_batch) {
        auto& line = news_.front();
        batch_.push_back(word_about(line));
        line.told_in_ = telling_;
        settled_.splice(settled_.end(), news_, news_.begin());
    }
}

}  // namespace stagedoor::notify
