// Bytes in, requests out: HTTP/1.1 as RFC 9112 has it, and nothing that two parsers could read in two ways.
// Knows no socket. Its memory is kept from request to request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/core/errc.hpp"
#include "common/http/chunk_decoder.hpp"
#include "common/http/request.hpp"
#include "common/http/request_head.hpp"

namespace stagedoor::http {

class request_reader {
public:
    struct bounds {
        std::size_t header_bytes;  // request line and fields
        std::size_t target_bytes;
        std::size_t body_bytes;
        std::size_t large_body_bytes = 0;  // for a request whose body may be large, once it is asked for; 0: none may be
    };
    explicit request_reader(const bounds& limits);
    request_reader(const request_reader&) = delete;
    request_reader& operator=(const request_reader&) = delete;

    // | state     | meaning                                        | what follows                              |
    // | --------- | ---------------------------------------------- | ----------------------------------------- |
    // | need_more | the request is not complete                    | prepare, commit, next                     |
    // | complete  | parts() is a request                           | release, next                             |
    // | refused   | refusal() says why; the bytes cannot be framed | answer it, then close: nothing else works |
    enum class state : std::uint8_t { need_more, complete, refused };
    state next();

    // Room for bytes from the peer, never empty; then how many of them came. Only after need_more.
    std::span<char> prepare();
    void commit(std::size_t bytes) noexcept;

    // Valid until release.
    const request_parts& parts() const noexcept { return parts_; }

    // bad_request, uri_too_long, headers_too_large, payload_too_large, not_implemented (an unknown transfer coding).
    errc refusal() const noexcept { return refusal_; }

    // True once for a request whose body is larger than body_bytes: nobody has to take it, and no byte of it needs to be
    // read before somebody has said so. parts() has no body yet.
    bool wants_admission() noexcept;

    // True once for a request whose head asks for 100 Continue and whose body is not there yet.
    bool wants_continue() noexcept;

    // True while no byte of the next request has come.
    bool idle() const noexcept { return begin_ == end_; }

    // Done with the request: its views are gone, the bytes behind it are the next one's.
    void release();

    // The bytes behind the complete request; the reader is then spent.
    std::string take_unread();

private:
    state refuse(errc error) noexcept;
    void skip_empty_line() noexcept;
    bool find_head_end() noexcept;
    std::optional<errc> complaint(std::string_view head) const noexcept;
    state begin_body();
    state take_body();
    state take_chunks();
    state complete() noexcept;

    const bounds bounds_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;     // of the present request
    std::size_t searched_ = 0;  // up to where the head's end was looked for
    std::size_t head_end_ = 0;  // 0: not found yet
    std::size_t taken_ = 0;     // up to where head and body were taken
    std::size_t end_ = 0;       // of what the peer has sent
    body_framing framing_;
    std::optional<chunk_decoder> chunks_;
    request_parts parts_;
    std::string body_;
    std::string cookies_;
    errc refusal_ = errc::bad_request;
    bool continue_wanted_ = false;
    bool admission_wanted_ = false;
    bool empty_line_skipped_ = false;
};

}  // namespace stagedoor::http
