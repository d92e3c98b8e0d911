#include "common/core/errc.hpp"

#include <algorithm>
#include <string>

namespace stagedoor {
namespace {

// Boost's base is never deleted through; its protected destructor is what g++ warns of.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "stagedoor"; }
    std::string message(int value) const override {
        return std::string{problem_of(static_cast<errc>(value)).title};
    }
};
#pragma GCC diagnostic pop

}  // namespace

const problem_type& problem_of(errc error) noexcept {
    const auto row = std::ranges::find(problem_table, error, &problem_type::error);
    if (row == problem_table.end()) return problem_of(errc::internal_error);
    return *row;
}

const problem_type* find_problem(std::string_view code) noexcept {
    const auto row = std::ranges::find(problem_table, code, &problem_type::code);
    return row == problem_table.end() ? nullptr : &*row;
}

errc end_reason_of(std::string_view code) noexcept {
    const auto* const known = find_problem(code);
    return known && known->status == 401 ? known->error : errc::session_revoked;
}

const boost::system::error_category& stagedoor_category() noexcept {
    static const category instance;
    return instance;
}

errc to_errc(const boost::system::error_code& code) noexcept {
    return code.category() == stagedoor_category() ? static_cast<errc>(code.value()) : errc::internal_error;
}

}  // namespace stagedoor
