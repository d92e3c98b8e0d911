// Failpoints, after FreeBSD's fail(9): the steps between a commit and a socket at which the tests stop a process.
//
// In the services that users run a failpoint is a call that does nothing (failpoint.cpp). The tests link the very same
// objects with another definition of it (tests/support/failpoint_stops.cpp): what is tested differs from what is
// shipped by this one function.
//
//   name             the process has                                        and has not
//   committed        committed a decision                                    handed it to the relay
//   scanned          read unpublished rows of the outbox                     sent them to Redis
//   posted           had Redis' answers to all scripts of a batch            noted that they are relayed
//   marking          seen that Redis still lives the life it was fed         marked rows as published
//   marked           marked rows as published                                forgotten them
//   replayed         sent one step of a replay                               moved the fence
//   replay_recorded  moved the fence past that step                          begun the next
//   fed              found that Redis has everything                         moved the fence
//   fence_moved      moved the fence                                         renewed its trust in Redis
//   heard            read a letter from a channel                            written it to a socket
//   written          written a letter to its sockets                         done anything else
//   receipts         gathered receipts of what was written                   put them into Redis
//   read             read a socket's session and stream                      written what it missed
#pragma once

#include <string_view>

namespace stagedoor::runtime {

void failpoint(std::string_view name) noexcept;

}  // namespace stagedoor::runtime
