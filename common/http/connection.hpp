// One HTTP/1.1 connection: reads a request, has it answered, writes the answer, and again. One coroutine.
// Nothing here sets a timer: the edge's sweep looks at `deadline` of all its connections.
#pragma once

#include <boost/intrusive/list_hook.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "common/http/request_reader.hpp"
#include "common/http/service.hpp"
#include "common/http/tcp.hpp"

namespace stagedoor::http {

class edge;

class connection : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    // `socket` is non-blocking. `network`: whose the tally has counted it as.
    connection(std::shared_ptr<edge> home, tcp_socket socket, const asio::ip::address& peer, std::string network);
    ~connection();
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    // Ends when the connection does, or has been handed over.
    static runtime::task<void> run(std::unique_ptr<connection> self);

    // The request under way, if any, is the last.
    void drain();
    void abort() noexcept;
    void sweep(std::chrono::steady_clock::time_point now);

private:
    // | phase     | waits for                   | at the deadline |
    // | --------- | --------------------------- | --------------- |
    // | idle      | the first byte of a request | close           |
    // | reading   | the rest of a request       | 408, close      |
    // | handling  | the service                 | there is none   |
    // | writing   | the peer to read            | close           |
    // | lingering | the peer to close           | close           |
    enum class phase : std::uint8_t { idle, reading, handling, writing, lingering };

    void enter(phase next, std::chrono::milliseconds within);
    void await_bytes();
    bool read_now();
    runtime::task<void> serve();
    // False when the connection ends.
    runtime::task<bool> answer();
    void hand_over(std::unique_ptr<takeover> to);
    runtime::task<void> refuse(errc error);
    // Asks the service whether the large body may come. False: it may not, which was answered.
    runtime::task<bool> admit_large();
    runtime::task<void> answer_last(const response& outgoing, const request* incoming, std::string request_id);
    // Writes what the kernel takes at once; `ec` says when the peer went away.
    std::size_t write_now(std::string_view bytes, boost::system::error_code& ec);
    // Writes all of it within the write time. False when the peer went away.
    runtime::task<bool> write_rest(std::string bytes);
    runtime::task<void> linger();

    const std::shared_ptr<edge> home_;
    tcp_socket socket_;
    const std::string network_;
    const arrival arrival_;
    request_reader reader_;
    std::chrono::steady_clock::time_point deadline_;
    phase phase_ = phase::handling;
    bool fresh_ = true;  // no request was answered yet
    bool timed_out_ = false;
};

}  // namespace stagedoor::http
