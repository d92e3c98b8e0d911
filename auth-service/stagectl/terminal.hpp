// What a command needs of the terminal: whether there is one, colours, a password, a yes, a progress bar, Ctrl-C.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace stagedoor::ctl {

enum class colour_use { automatic, always, never };
enum class paint { bold, dim, green, yellow, red };

// `text` in that colour when standard output is a terminal, NO_COLOR is not set and TERM is not dumb.
std::string painted(paint with, std::string_view text);
void use_colours(colour_use when);

bool output_is_terminal();
bool input_is_terminal();
std::size_t terminal_width();

// Asked on the terminal, without echo. failure usage when there is none.
std::string ask_password(const std::string& prompt);
// False for anything but yes. failure usage when there is no terminal to ask on.
bool confirmed(const std::string& question);

// Ctrl-C, seen instead of suffered: what is under way is finished and told. The second one ends the process.
void watch_interrupts();
bool interrupted();
// failure interrupted, saying `line`, if Ctrl-C was pressed.
void stop_if_interrupted(const std::string& line = "interrupted");
// At most `time`: Ctrl-C cuts it short.
void sleep_for(std::chrono::milliseconds time);

// While it lives, Ctrl-C is answered at once, from the signal handler: that what is under way is finished; and the second
// one, that it is not. On standard error.
class unhurried {
public:
    unhurried();
    ~unhurried();
    unhurried(const unhurried&) = delete;
    unhurried& operator=(const unhurried&) = delete;
};

// A bar on standard error while it is a terminal, drawn at most ten times a second. Elsewhere only what is waited for is
// said: in a line when it begins, and one when it is over.
class progress_bar {
public:
    progress_bar(std::string what, std::size_t total);
    ~progress_bar();
    progress_bar(const progress_bar&) = delete;
    progress_bar& operator=(const progress_bar&) = delete;

    void advance(std::size_t by);
    // Why nothing moves, and how long it is put up with; until goes_on().
    void waits(const std::string& why, std::chrono::milliseconds left);
    void goes_on();
    void clear();

private:
    void draw();

    std::string what_;
    std::string note_;
    std::size_t total_;
    std::size_t done_ = 0;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point drawn_{};
    bool shown_ = false;
    bool waiting_ = false;
    bool active_;
};

}  // namespace stagedoor::ctl
