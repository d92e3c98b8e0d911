// What tests say of a model that settles (explorer.hpp): nothing ever goes wrong in it, or it notices what is left out.
#pragma once

#include <iostream>
#include <utility>

#include "tests/support/catch.hpp"
#include "tests/support/explorer.hpp"

namespace stagedoor::model {

// `least`: fewer states than these, and the model did not go where it was sent.
template <can_settle World>
void require_safe(const char* name, World start, std::size_t least) {
    const auto found = explore(std::move(start));
    std::cout << name << ": " << found.states << " states, " << found.settled << " of them settled\n";
    INFO(found.counterexample.value_or(""));
    REQUIRE_FALSE(found.counterexample);
    CHECK(found.states > least);
    CHECK(found.settled > 0);
}

template <can_settle World>
bool fails(World start) {
    const auto found = explore(std::move(start));
    UNSCOPED_INFO(found.counterexample.value_or("nothing was noticed"));
    return found.counterexample.has_value();
}

}  // namespace stagedoor::model
