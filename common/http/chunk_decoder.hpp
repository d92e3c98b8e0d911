// The chunked transfer coding (RFC 9112 section 7.1), strictly: CRLF and nothing else ends a line, extensions and
// trailers are passed over, and neither they nor chunks of one byte can make a body cost much. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace stagedoor::http {

// A chunk's line with its extension, or a line of the trailers.
inline constexpr std::size_t chunk_line_bytes = 1024;
// What framing may cost on the wire, as a multiple of the largest body.
inline constexpr std::size_t chunk_overhead = 4;

class chunk_decoder {
public:
    explicit chunk_decoder(std::size_t body_bytes) : body_bytes_{body_bytes} {}

    enum class progress : std::uint8_t { need_more, done, malformed, too_large };
    // Takes bytes off the front of `bytes` and appends the body's to `body`. After need_more all are taken.
    progress feed(std::string_view& bytes, std::string& body);

private:
    // | step      | expects                                         |
    // | --------- | ----------------------------------------------- |
    // | size      | hex digits, then an extension or the line's end |
    // | extension | anything up to the line's end                   |
    // | size_end  | LF                                              |
    // | data      | the chunk                                       |
    // | data_cr   | CR                                              |
    // | data_end  | LF                                              |
    // | trailer   | a line's first byte                             |
    // | field     | anything up to the line's end                   |
    // | field_end | LF                                              |
    // | last_end  | LF                                              |
    enum class step : std::uint8_t {
        size, extension, size_end, data, data_cr, data_end, trailer, field, field_end, last_end
    };

    progress take(char c);
    progress take_size(char c);
    progress end_size_line();

    const std::size_t body_bytes_;
    step step_ = step::size;
    std::size_t chunk_left_ = 0;
    std::size_t taken_ = 0;     // of the body
    std::size_t overhead_ = 0;  // bytes of framing
    std::size_t line_ = 0;      // of the present line
    bool has_digit_ = false;
    bool padded_ = false;  // white space after the size: only an extension may follow
};

}  // namespace stagedoor::http
