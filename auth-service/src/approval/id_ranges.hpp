// Ids of outbox rows, kept as the stretches that they form: thousands of rows that were committed one after the other are
// one stretch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <vector>

namespace stagedoor::approval {

class id_ranges {
public:
    id_ranges() = default;
    id_ranges(std::initializer_list<std::int64_t> ids);
    id_ranges(const std::vector<std::int64_t>& ids);

    void insert(std::int64_t id);
    void erase(const id_ranges& others);
    void clear() noexcept;

    bool contains(std::int64_t id) const noexcept;
    bool empty() const noexcept { return ranges_.empty(); }
    std::size_t size() const noexcept { return size_; }

    // The lowest of them, at most `most`.
    id_ranges lowest(std::size_t most) const;

    // First and last id of each stretch, in order. Between two of them there is always an id that is in none.
    const std::map<std::int64_t, std::int64_t>& ranges() const noexcept { return ranges_; }

private:
    void erase(std::int64_t first, std::int64_t last);

    std::map<std::int64_t, std::int64_t> ranges_;
    std::size_t size_ = 0;
};

}  // namespace stagedoor::approval
