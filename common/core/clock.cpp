#include "common/core/clock.hpp"

#include <array>

namespace stagedoor {
namespace {

// Right-aligned, with zeros before.
void put_digits(char* at, unsigned digits, unsigned number) noexcept {
    for (unsigned i = digits; i > 0; --i, number /= 10) at[i - 1] = static_cast<char>('0' + number % 10);
}

}  // namespace

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
