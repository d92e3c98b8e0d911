// The options of one command, each defined once, as a table that binds them to the members of a struct:
//
//     set.group("Network");
//     set.add("listen",  o.listen,  address(),               required,                "Where browsers reach the
//     service."); set.add("threads", o.threads, integer{1, 64, "threads"}, 2,                     "Event loops to
//     run."); set.add("origin",  o.origins, text("ORIGIN"),          required,                "May be given several
//     times.");
//
// A std::vector member makes the option repeatable: several flags, or several values with commas between them.
// --redis-url is STAGEDOOR_REDIS_URL in the environment and redis-url in a config file.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/config/kind.hpp"

namespace stagedoor::config {

// In the place of a default: the command does not start without this option.
struct required_t {
    explicit constexpr required_t(int) {}  // so that {} is an empty default, never this
};
inline constexpr required_t required{0};

// One value somebody gave, and where: "--listen", "STAGEDOOR_LISTEN" or "stagedoor.conf:3".
struct given_value {
    std::string where;
    std::string value;
};

struct option {
    std::string name;  // kebab-case, without dashes in front
    std::string description;
    std::string group;
    std::string value_name;
    std::string expected;
    std::string default_text;  // "" where there is none
    bool required = false;
    bool repeatable = false;
    bool is_flag = false;  // given by its name alone
    bool hidden = false;   // its values are never printed
    bool flag_only = false;  // neither the environment nor a config file gives it

    std::function<void()> use_default;
    std::function<void()> clear;
    std::function<bool(std::string_view)> accept;  // false: the value is not right, and was not taken

    std::vector<given_value> given;  // what counted in the last parse; empty: the default

    // It belongs to one call of a command, so that only a flag gives it.
    option& only_as_flag() {
        flag_only = true;
        return *this;
    }
    // Shows this in the place of a default that depends on the machine.
    option& show_default(std::string text) {
        default_text = std::move(text);
        return *this;
    }

    std::string environment_name() const;
};

// What a command takes beside its options, each by its place: `approve WHO...`.
struct operands {
    std::string name;  // as in the usage line; empty: the command takes none
    std::string description;
    std::size_t min = 0;
    std::size_t max = 0;
    std::vector<std::string>* target = nullptr;

    bool taken() const noexcept { return target != nullptr; }
    // `[WHO...]`, `ID`
    std::string usage() const;
};

class option_set {
public:
    option_set() = default;
    option_set(const option_set&) = delete;
    option_set& operator=(const option_set&) = delete;

    // The heading under which the help shows the options that follow.
    void group(std::string title) { group_ = std::move(title); }

    // `target` outlives the set; parsing writes it. A name that is there already, or is not kebab-case, throws
    // std::logic_error.
    template <class T>
    option& add(std::string name, T& target, std::type_identity_t<kind<T>> value, std::type_identity_t<T> otherwise,
                std::string description);
    template <class T>
    option& add(std::string name, T& target, std::type_identity_t<kind<T>> value, required_t, std::string description);
    template <class T>
    option& add(std::string name, std::vector<T>& target, std::type_identity_t<kind<T>> item,
                std::type_identity_t<std::vector<T>> otherwise, std::string description);
    template <class T>
    option& add(std::string name, std::vector<T>& target, std::type_identity_t<kind<T>> item, required_t,
                std::string description);

    // The command takes `min` to `max` operands into `target`, which outlives the set.
    void take_operands(std::string name, std::vector<std::string>& target, std::size_t min, std::size_t max,
                       std::string description);
    const config::operands& operands() const noexcept { return operands_; }

    // A call worth showing, without the program's name, and what it does.
    void example(std::string call, std::string what) { examples_.emplace_back(std::move(call), std::move(what)); }
    const std::vector<std::pair<std::string, std::string>>& examples() const noexcept { return examples_; }

    // What several options have to fulfil together. `check` runs when each is right by itself and returns what is
    // wrong, or "".
    void constrain(std::function<std::string()> check) { constraints_.push_back(std::move(check)); }

    const option* find(std::string_view name) const noexcept;
    option* find(std::string_view name) noexcept;
    const std::deque<option>& options() const noexcept { return options_; }
    std::deque<option>& options() noexcept { return options_; }
    const std::vector<std::function<std::string()>>& constraints() const noexcept { return constraints_; }

private:
    option& insert(option added);
    template <class T>
    option describe(std::string name, const kind<T>& value, std::string description) const;

    std::string group_ = "Options";
    std::deque<option> options_;  // a deque, so that what add() returned stays where it is
    std::vector<std::function<std::string()>> constraints_;
    config::operands operands_;
    std::vector<std::pair<std::string, std::string>> examples_;
};

template <class T>
option option_set::describe(std::string name, const kind<T>& value, std::string description) const {
    option made;
    made.name = std::move(name);
    made.description = std::move(description);
    made.group = group_;
    made.value_name = value.value_name;
    made.expected = value.expected;
    made.is_flag = std::is_same_v<T, bool>;
    made.hidden = value.hidden;
    return made;
}

template <class T>
option& option_set::add(std::string name, T& target, std::type_identity_t<kind<T>> value,
                        std::type_identity_t<T> otherwise, std::string description) {
    auto made = describe<T>(std::move(name), value, std::move(description));
    if (!value.hidden) made.default_text = value.format(otherwise);
    made.use_default = [&target, otherwise] { target = otherwise; };
    made.clear = [] {};
    made.accept = [&target, parse = std::move(value.parse)](std::string_view text) {
        auto parsed = parse(text);
        if (parsed) target = std::move(*parsed);
        return parsed.has_value();
    };
    return insert(std::move(made));
}

template <class T>
option& option_set::add(std::string name, T& target, std::type_identity_t<kind<T>> value, required_t,
                        std::string description) {
    auto& made = add<T>(std::move(name), target, std::move(value), T{}, std::move(description));
    made.required = true;
    made.default_text.clear();
    return made;
}

template <class T>
option& option_set::add(std::string name, std::vector<T>& target, std::type_identity_t<kind<T>> item,
                        std::type_identity_t<std::vector<T>> otherwise, std::string description) {
    auto made = describe<T>(std::move(name), item, std::move(description));
    for (const auto& value : otherwise) {
        made.default_text.append(made.default_text.empty() ? "" : ",").append(item.format(value));
    }
    made.repeatable = true;
    made.use_default = [&target, otherwise] { target = otherwise; };
    made.clear = [&target] { target.clear(); };
    made.accept = [&target, parse = std::move(item.parse)](std::string_view text) {
        auto parsed = parse(text);
        if (parsed) target.push_back(std::move(*parsed));
        return parsed.has_value();
    };
    return insert(std::move(made));
}

template <class T>
option& option_set::add(std::string name, std::vector<T>& target, std::type_identity_t<kind<T>> item, required_t,
                        std::string description) {
    auto& made = add<T>(std::move(name), target, std::move(item), std::vector<T>{}, std::move(description));
    made.required = true;
    return made;
}

}  // namespace stagedoor::config
