// One connection to Redis, kept for ever: connects, reads, writes what was gathered, and begins again after a loss with
// growing, jittered pauses. Knows no RESP: what speaks over it is a connection_user. Belongs to one shard.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/errc.hpp"
#include "common/redis/output_buffer.hpp"
#include "common/redis/url.hpp"
#include "common/runtime/task.hpp"
#include "common/runtime/task_group.hpp"

namespace stagedoor::redis {

// Called on the shard, for one connection at a time: opened, then received and tick, then closed.
class connection_user {
public:
    using time_point = std::chrono::steady_clock::time_point;

    // Connected: write the greeting into the output. It is flushed after this.
    virtual void opened() = 0;
    // Some bytes; an error drops the connection.
    virtual result<void> received(std::string_view bytes) = 0;
    virtual void closed() = 0;
    // Looks for what is late or due. Called while open, at least each limits::redis_probe_interval; says when next.
    virtual time_point tick(time_point now) = 0;

protected:
    ~connection_user() = default;
};

class connection {
public:
    // Whether bytes are taken from the kernel by a read that is always under way, or only while somebody looks: then
    // read_now() sees all that has come, for nothing is between the kernel and the user. Costs a system call more a read.
    enum class reading : bool { ahead, on_demand };

    // `name` tells connections apart in the log. `user` and `output` outlive this.
    connection(runtime::executor shard, url where, std::string name, connection_user& user, output_buffer& output,
               reading how = reading::ahead);

    // Once. `tasks` is joined before this is destroyed.
    void start(runtime::task_group& tasks);
    // Ends for good. closed() is still called if it was open.
    void stop();

    bool is_open() const noexcept { return open_; }

    // Writes the output once the handlers that are ready now have run: all that they add goes out in one write.
    void flush_soon();

    // The greeting was answered well: this is logged, and the next pause begins small.
    void settled();

    // Ends this connection; another will be made. `reason` goes to the log: no secrets.
    void drop(std::string reason);

    // Hands to the user what has arrived; never waits. May end the connection. Only with reading::on_demand.
    void read_now();

    // Whether bytes wait in the kernel: then a late answer may be our own fault.
    bool has_unread() const;

    runtime::executor shard() const noexcept { return shard_; }
    const url& where() const noexcept { return where_; }
    const std::string& name() const noexcept { return name_; }

private:
    using endpoint = runtime::asio::generic::stream_protocol::endpoint;
    using socket = runtime::asio::basic_stream_socket<runtime::asio::generic::stream_protocol, runtime::executor>;
    using resolver = runtime::asio::ip::basic_resolver<runtime::asio::ip::tcp, runtime::executor>;

    runtime::task<void> run();
    runtime::task<void> watch();
    runtime::task<bool> open();
    runtime::task<std::vector<endpoint>> resolve();
    runtime::task<void> read_until_closed();
    runtime::task<void> pause();
    void flush();
    void log_failure();

    runtime::executor shard_;
    const url where_;
    const std::string name_;
    const reading how_;
    connection_user& user_;
    output_buffer& output_;

    socket socket_;
    resolver resolver_;
    runtime::steady_timer pause_timer_;
    runtime::steady_timer watch_timer_;
    std::string input_;

    std::optional<std::chrono::steady_clock::time_point> connect_deadline_;
    std::chrono::milliseconds backoff_;
    std::minstd_rand jitter_;
    std::string failure_;         // why the last connection, or the last attempt, ended
    std::string logged_failure_;  // what the log knows of that: the same reason is told once
    bool open_ = false;
    bool stopping_ = false;
    bool flush_posted_ = false;
    bool write_blocked_ = false;
};

}  // namespace stagedoor::redis
