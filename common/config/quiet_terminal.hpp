// For passwords that are asked for on the terminal: they are not shown while they are typed.
#pragma once

#include <termios.h>
#include <unistd.h>

namespace stagedoor::config {

// Turns the terminal's echo off while it lives. Without effect where standard input is no terminal.
class quiet_terminal {
public:
    quiet_terminal() : active_{tcgetattr(STDIN_FILENO, &before_) == 0} {
        if (!active_) return;
        auto quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    ~quiet_terminal() {
        if (active_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
    quiet_terminal(const quiet_terminal&) = delete;
    quiet_terminal& operator=(const quiet_terminal&) = delete;

private:
    termios before_{};
    bool active_;
};

}  // namespace stagedoor::config
