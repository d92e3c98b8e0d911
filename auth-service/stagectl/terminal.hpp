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

// A bar on standard error while it is a terminal; silent otherwise. Drawn at most ten times a second.
class progress_bar {
public:
    progress_bar(std::string what, std::size_t total);
    ~progress_bar();
    progress_bar(const progress_bar&) = delete;
    progress_bar& operator=(const progress_bar&) = delete;

    void advance(std::size_t by);
    // Shown behind the bar until it moves on.
    void note(const std::string& text);
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
    bool active_;
};

}  // namespace stagedoor::ctl
