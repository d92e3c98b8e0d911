// Web origins (RFC 6454), compared exactly as browsers serialise them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stagedoor {

struct origin {
    std::string text;  // scheme://host[:port], lower case, default port left out
    bool https = false;
    unsigned port = 0;  // also where the text leaves it out

    // Without scheme and port.
    std::string_view host() const noexcept;
};

// Nothing unless `text` is an http(s) origin without path, query, user or wildcard.
std::optional<origin> parse_origin(std::string_view text);

// The origins that may use our APIs; the first is the one that people see.
class allowed_origins {
public:
    // Not empty.
    explicit allowed_origins(std::vector<origin> origins) : origins_{std::move(origins)} {}

    const origin& canonical() const noexcept { return origins_.front(); }
    const std::vector<origin>& all() const noexcept { return origins_; }
    bool contains(std::string_view origin_header) const noexcept;

private:
    std::vector<origin> origins_;
};

}  // namespace stagedoor
