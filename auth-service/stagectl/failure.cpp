#include "auth-service/stagectl/failure.hpp"

namespace stagedoor::ctl {

const std::array<exit_meaning, 14> exit_meanings{{
    {exit_code::done, "Done."},
    {exit_code::partial, "Done for some, refused for others; each is named."},
    {exit_code::usage, "The call is wrong: an option, an operand, a file."},
    {exit_code::not_signed_in, "Not signed in, or the session or token is over or wrong."},
    {exit_code::forbidden, "The session or token may not do this."},
    {exit_code::not_found, "There is nobody, or nothing, of that name."},
    {exit_code::conflict, "The person's status does not allow it, or somebody else was faster."},
    {exit_code::unreachable, "Nobody answers at the server's address."},
    {exit_code::unavailable, "The server cannot do it now; try again."},
    {exit_code::not_understood, "The answer is none of a server that this version knows."},
    {exit_code::not_delivered, "Done, but no open tab has acknowledged it in the time given."},
    {exit_code::unhealthy, "doctor found something to mend."},
    {exit_code::not_written, "The output cannot be written: a full disk. What the command did is done all the same."},
    {exit_code::interrupted, "Ctrl-C. What was done until then was told."},
}};

}  // namespace stagedoor::ctl
