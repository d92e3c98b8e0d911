#include "common/redis/resp.hpp"

#include <hiredis/read.h>

#include <algorithm>
#include <new>

#include "common/core/limits.hpp"

namespace stagedoor::redis {
namespace {

// Arrays announce their length before their items: no more than this is believed in advance.
constexpr int reserved_items = 1'024;

// Puts `made` where it belongs: at the root, or at the end of its array. Items come in order, so the array may grow:
// addresses of finished items are of no interest to the reader.
void* place(const redisReadTask* task, value made) noexcept {
    if (!task->parent) {
        auto* const root = static_cast<value*>(task->privdata);
        *root = std::move(made);
        return root;
    }
    auto& items = *static_cast<value*>(task->parent->obj)->if_array();
    return &items.emplace_back(std::move(made));
}

void* make_string(const redisReadTask* task, char* text, std::size_t size) noexcept {
    std::string copy{text, size};
    if (task->type == REDIS_REPLY_ERROR) return place(task, value{value::error{std::move(copy)}});
    return place(task, value{std::move(copy)});
}

void* make_array(const redisReadTask* task, int size) noexcept {
    value::array items;
    items.reserve(static_cast<std::size_t>(std::clamp(size, 0, reserved_items)));
    return place(task, value{std::move(items)});
}

void* make_integer(const redisReadTask* task, long long number) noexcept {
    return place(task, value{std::int64_t{number}});
}

void* make_nil(const redisReadTask* task) noexcept { return place(task, value{}); }

// Everything hangs from the root, which is not the reader's to free.
void keep(void*) noexcept {}

redisReplyObjectFunctions functions{make_string, make_array, make_integer, make_nil, keep};

}  // namespace

void reply_reader::closer::operator()(redisReader* reader) const noexcept { redisReaderFree(reader); }

reply_reader::reply_reader() : root_{std::make_unique<value>()}, reader_{redisReaderCreateWithFunctions(&functions)} {
    if (!reader_) throw std::bad_alloc{};
    reader_->privdata = root_.get();
    reader_->maxbuf = 0;  // keep the buffer: anything else frees and allocates it again all the time
}

void reply_reader::feed(std::string_view bytes) {
    fed_since_reply_ += bytes.size();
    redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
}

result<bool> reply_reader::next(value& out) {
    void* found = nullptr;
    if (redisReaderGetReply(reader_.get(), &found) != REDIS_OK) return errc::redis_protocol;
    if (!found) {
        if (fed_since_reply_ > limits::redis_reply_bytes) return errc::redis_protocol;
        return false;
    }
    out = std::move(*root_);
    fed_since_reply_ = reader_->len - reader_->pos;
    return true;
}

// hiredis has a task open (index 0) as soon as it has seen the first byte of a reply.
bool reply_reader::idle() const noexcept { return reader_->len == reader_->pos && reader_->ridx < 0; }

}  // namespace stagedoor::redis
