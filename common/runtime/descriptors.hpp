// File descriptors: each socket takes one, and so do the database, Redis and the log.
#pragma once

#include <cstddef>

namespace stagedoor::runtime {

// Raises this process's soft limit to the hard one. How many descriptors it may have then.
std::size_t raise_descriptor_limit() noexcept;

}  // namespace stagedoor::runtime
