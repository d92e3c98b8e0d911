#include "common/core/clock.hpp"

#include <array>
#include <cstdio>

namespace stagedoor {

std::string format_rfc3339(instant t) {
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{t - day};
    std::array<char, 40> text;
    const int size = std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02ld:%02ld:%02ld.%03ldZ",
                                   static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                                   static_cast<unsigned>(date.day()), static_cast<long>(time.hours().count()),
                                   static_cast<long>(time.minutes().count()),
                                   static_cast<long>(time.seconds().count()),
                                   static_cast<long>(time.subseconds().count()));
    return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace stagedoor
