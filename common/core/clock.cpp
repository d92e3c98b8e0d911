#include "common/core/clock.hpp"

#include <array>

namespace stagedoor {
namespace {

// Right-aligned, with zeros before.
void put_digits(char* at, unsigned digits, unsigned number) noexcept {
    for (unsigned i = digits; i > 0; --i, number /= 10) at[i - 1] = static_cast<char>('0' + number % 10);
}

// Takes `digits` digits from the front of `text`.
std::optional<int> take_digits(std::string_view& text, std::size_t digits) noexcept {
    if (text.size() < digits) return std::nullopt;
    int number = 0;
    for (const char c : text.substr(0, digits)) {
        if (c < '0' || c > '9') return std::nullopt;
        number = number * 10 + (c - '0');
    }
    text.remove_prefix(digits);
    return number;
}

bool take(std::string_view& text, std::string_view any_of) noexcept {
    if (text.empty() || any_of.find(text.front()) == any_of.npos) return false;
    text.remove_prefix(1);
    return true;
}

// Takes ".123…" from the front, if it is there; what is finer than a millisecond is dropped.
std::optional<std::chrono::milliseconds> take_fraction(std::string_view& text) noexcept {
    if (!take(text, ".")) return std::chrono::milliseconds{0};
    int value = 0;
    std::size_t digits = 0;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), ++digits) {
        if (digits < 3) value = value * 10 + (text.front() - '0');
    }
    if (digits == 0) return std::nullopt;
    for (; digits < 3; ++digits) value *= 10;
    return std::chrono::milliseconds{value};
}

// Takes "Z" or "+hh:mm" from the front: what is to be subtracted.
std::optional<std::chrono::minutes> take_offset(std::string_view& text) noexcept {
    if (take(text, "Zz")) return std::chrono::minutes{0};
    const bool negative = text.starts_with('-');
    if (!take(text, "+-")) return std::nullopt;
    const auto hours = take_digits(text, 2);
    if (!hours || *hours > 23 || !take(text, ":")) return std::nullopt;
    const auto minutes = take_digits(text, 2);
    if (!minutes || *minutes > 59) return std::nullopt;
    const std::chrono::minutes offset{*hours * 60 + *minutes};
    return negative ? -offset : offset;
}

}  // namespace

std::optional<instant> parse_rfc3339(std::string_view text) noexcept {
    using namespace std::chrono;
    const auto years = take_digits(text, 4);
    if (!years || !take(text, "-")) return std::nullopt;
    const auto months = take_digits(text, 2);
    if (!months || !take(text, "-")) return std::nullopt;
    const auto days_of_month = take_digits(text, 2);
    if (!days_of_month || !take(text, "Tt ")) return std::nullopt;
    const year_month_day date{year{*years}, month{static_cast<unsigned>(*months)},
                              day{static_cast<unsigned>(*days_of_month)}};
    const auto hour = take_digits(text, 2);
    if (!hour || *hour > 23 || !take(text, ":")) return std::nullopt;
    const auto minute = take_digits(text, 2);
    if (!minute || *minute > 59 || !take(text, ":")) return std::nullopt;
    const auto second = take_digits(text, 2);
    if (!second || *second > 60) return std::nullopt;
    const auto fraction = take_fraction(text);
    const auto offset = fraction ? take_offset(text) : std::nullopt;
    if (!offset || !text.empty() || !date.ok()) return std::nullopt;
    return instant{sys_days{date}} + hours{*hour} + minutes{*minute} + seconds{*second} + *fraction - *offset;
}

std::string format_rfc3339(instant t) {
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{t - day};
    // A session check writes three of these: no printf.
    std::array<char, 25> text{"YYYY-MM-DDThh:mm:ss.sssZ"};
    put_digits(text.data(), 4, static_cast<unsigned>(static_cast<int>(date.year())));
    put_digits(text.data() + 5, 2, static_cast<unsigned>(date.month()));
    put_digits(text.data() + 8, 2, static_cast<unsigned>(date.day()));
    put_digits(text.data() + 11, 2, static_cast<unsigned>(time.hours().count()));
    put_digits(text.data() + 14, 2, static_cast<unsigned>(time.minutes().count()));
    put_digits(text.data() + 17, 2, static_cast<unsigned>(time.seconds().count()));
    put_digits(text.data() + 20, 3, static_cast<unsigned>(time.subseconds().count()));
    return {text.data(), text.size() - 1};
}

}  // namespace stagedoor
