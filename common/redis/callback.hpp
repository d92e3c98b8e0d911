// A move-only function of one argument, called at most once. Targets of up to four words live inside it, so that the
// handler of a coroutine (one word) and a small lambda cost no allocation; std::function wants copyable targets.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace stagedoor::redis {

template <class Arg>
class callback {
public:
    callback() = default;

    template <class Target>
    requires(!std::is_same_v<std::remove_cvref_t<Target>, callback>)
        callback(Target&& target) {  // NOLINT: implicit, as with std::function
        using plain = std::remove_cvref_t<Target>;
        if constexpr (fits<plain>) {
            emplace<plain>(std::forward<Target>(target));
        } else {
            emplace<boxed<plain>>(boxed<plain>{std::make_unique<plain>(std::forward<Target>(target))});
        }
    }

    callback(callback&& other) noexcept { take(other); }
    callback& operator=(callback&& other) noexcept {
        if (this != &other) {
            reset();
            take(other);
        }
        return *this;
    }
    ~callback() { reset(); }

    explicit operator bool() const noexcept { return operations_ != nullptr; }

    // The target is gone before it returns to the caller: it may do whatever it likes to the place this was stored in.
    void operator()(Arg arg) {
        callback self{std::move(*this)};
        self.operations_->call(self.room_, std::move(arg));
    }

private:
    struct operations {
        void (*call)(void* target, Arg&& arg);
        void (*move)(void* from, void* to) noexcept;  // `from` is destroyed
        void (*destroy)(void* target) noexcept;
    };

    template <class Target>
    struct boxed {
        std::unique_ptr<Target> target;
        void operator()(Arg arg) { (*target)(std::move(arg)); }
    };

    static constexpr std::size_t room_bytes = 4 * sizeof(void*);

    template <class Target>
    static constexpr bool fits = sizeof(Target) <= room_bytes &&
                                 alignof(Target) <= alignof(void*) && std::is_nothrow_move_constructible_v<Target>;

    template <class Target>
    static constexpr operations operations_of{
        [](void* target, Arg&& arg) { (*static_cast<Target*>(target))(std::move(arg)); },
        [](void* from, void* to) noexcept {
            ::new (to) Target(std::move(*static_cast<Target*>(from)));
            static_cast<Target*>(from)->~Target();
        },
        [](void* target) noexcept { static_cast<Target*>(target)->~Target(); },
    };

    template <class Target, class Source>
    void emplace(Source&& source) {
        ::new (static_cast<void*>(room_)) Target(std::forward<Source>(source));
        operations_ = &operations_of<Target>;
    }
    void take(callback& other) noexcept {
        if (other.operations_) other.operations_->move(other.room_, room_);
        operations_ = std::exchange(other.operations_, nullptr);
    }
    void reset() noexcept {
        if (operations_) std::exchange(operations_, nullptr)->destroy(room_);
    }

    alignas(void*) std::byte room_[room_bytes];
    const operations* operations_ = nullptr;
};

}  // namespace stagedoor::redis
