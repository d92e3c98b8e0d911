#include "common/runtime/failpoint.hpp"

namespace stagedoor::runtime {

void failpoint(std::string_view) noexcept {}

}  // namespace stagedoor::runtime
