// One shard's side of a listener: its acceptor, its connections, and what they share. Belongs to the shard's thread.
// It is the group of its coroutines: names them, logs how they ended, counts them and lets the main thread wait.
#pragma once

#include <boost/intrusive/list.hpp>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/http/connection.hpp"
#include "common/http/listener.hpp"
#include "common/http/response_writer.hpp"

namespace stagedoor::http {

// What the shards of one listener count together.
class tally {
public:
    // False, and nothing counted, when `limit` connections are open, or so many as a network may have of `network`.
    // "": whoever that is speaks for many.
    bool add_connection(const std::string& network, const listener_settings& limits);
    void remove_connection(const std::string& network);
    std::size_t connections() const;

    void add_task();
    void remove_task();
    // True when no task is left.
    bool wait_idle_until(std::chrono::steady_clock::time_point deadline);

private:
    mutable std::mutex mutex_;
    std::condition_variable idle_;
    std::size_t connections_ = 0;
    std::unordered_map<std::string, std::size_t> of_network_;
    std::size_t tasks_ = 0;  // accepting, or serving a connection
};

class edge : public std::enable_shared_from_this<edge> {
public:
    edge(runtime::executor ex, tcp_acceptor acceptor, std::shared_ptr<const listener_settings> settings, site what,
         std::shared_ptr<tally> counts);

    void start();
    void drain();
    // Closes every connection.
    void abort();

    const listener_settings& settings() const noexcept { return *settings_; }
    const site& serving() const noexcept { return site_; }
    bool draining() const noexcept { return draining_; }
    id_source& ids() noexcept { return ids_; }
    std::string_view date();
    // An empty text for one response at a time: whoever cannot write it at once takes a copy of the rest.
    std::string& fresh_output();

    // For ~connection.
    void on_connection_gone(const std::string& network) noexcept;

private:
    static runtime::task<void> accept_loop(std::shared_ptr<edge> self);
    void serve(tcp_socket socket, const asio::ip::address& peer);
    void refuse(tcp_socket& socket);
    void spawn(std::string_view name, runtime::task<void> work);
    void arm_sweep();
    void sweep();
    void report_connections() noexcept;

    runtime::executor executor_;
    tcp_acceptor acceptor_;
    const std::shared_ptr<const listener_settings> settings_;
    const site site_;
    const std::shared_ptr<tally> tally_;
    id_source ids_;
    date_cache dates_;
    std::string output_;
    runtime::steady_timer sweep_timer_;
    bool sweeping_ = false;
    bool draining_ = false;
    std::size_t open_ = 0;
    boost::intrusive::list<connection, boost::intrusive::constant_time_size<false>> connections_;
};

}  // namespace stagedoor::http
