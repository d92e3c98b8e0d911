// TCP on a shard: the concrete executor saves 590 bytes a socket and a virtual call per operation.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "common/runtime/task.hpp"

namespace stagedoor::http {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using tcp_socket = asio::basic_stream_socket<tcp, runtime::executor>;
using tcp_acceptor = asio::basic_socket_acceptor<tcp, runtime::executor>;

}  // namespace stagedoor::http
