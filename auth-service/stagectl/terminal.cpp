#include "auth-service/stagectl/terminal.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "auth-service/stagectl/failure.hpp"
#include "common/config/quiet_terminal.hpp"
#include "common/core/json.hpp"

namespace stagedoor::ctl {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

colour_use colours = colour_use::automatic;
volatile std::sig_atomic_t interrupts = 0;
volatile std::sig_atomic_t finishing = 0;  // something is under way that is worth finishing

// The lines begin anew: the terminal has echoed ^C behind the bar.
constexpr std::string_view first_word = "\nstagectl: stopping: what is under way is finished and told; once more leaves at once\n";
constexpr std::string_view last_word =
    "\nstagectl: left at once: what became of the last call is not told. Run it again to go on; nobody is decided about twice\n";

void say(std::string_view line) {
    if (finishing == 0) return;
    [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, line.data(), line.size());
}

// Nothing here but what signal-safety(7) allows.
void on_interrupt(int) {
    const int before = errno;
    interrupts = interrupts + 1;
    say(interrupts > 1 ? last_word : first_word);
    if (interrupts > 1) ::_exit(static_cast<int>(exit_code::interrupted));
    errno = before;
}

std::size_t width_of(int terminal) {
    winsize size{};
    if (::ioctl(terminal, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return 80;
}

bool may_paint() {
    if (colours != colour_use::automatic) return colours == colour_use::always;
    const char* const none = std::getenv("NO_COLOR");  // no-color.org: set and not empty
    const char* const term = std::getenv("TERM");
    return output_is_terminal() && !(none && *none) && term && std::string_view{term} != "dumb";
}

constexpr std::array codes{"1", "2", "32", "33", "31"};

}  // namespace

std::string painted(paint with, std::string_view text) {
    if (!may_paint()) return std::string{text};
    return std::string{"\033["} + codes[static_cast<std::size_t>(with)] + 'm' + std::string{text} + "\033[0m";
}

void use_colours(colour_use when) { colours = when; }

bool output_is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }
bool input_is_terminal() { return ::isatty(STDIN_FILENO) == 1; }

std::size_t terminal_width() {
    return width_of(STDOUT_FILENO);
}

std::string ask_password(const std::string& prompt) {
    if (!input_is_terminal()) {
        throw failure{exit_code::usage, "there is no terminal to ask for the password on: give it with --password-stdin"};
    }
    const config::quiet_terminal quiet;
    std::cerr << prompt << std::flush;
    std::string password;
    const bool read = static_cast<bool>(std::getline(std::cin, password));
    std::cerr << '\n';
    stop_if_interrupted();
    if (!read || password.empty()) throw failure{exit_code::usage, "there is no password"};
    return password;
}

bool confirmed(const std::string& question) {
    if (!input_is_terminal()) throw failure{exit_code::usage, "there is no terminal to ask on: say it with --yes"};
    std::cerr << question << " [y/N] " << std::flush;
    std::string said;
    std::getline(std::cin, said);
    stop_if_interrupted();
    return trim(said) == "y" || trim(said) == "yes" || trim(said) == "Y";
}

void watch_interrupts() {
    struct sigaction action{};
    action.sa_handler = on_interrupt;  // without SA_RESTART: what waits for the terminal stops waiting
    ::sigemptyset(&action.sa_mask);
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    ::signal(SIGPIPE, SIG_IGN);  // a pager that was left: the write fails, and main sees it
}

bool interrupted() { return interrupts != 0; }

void stop_if_interrupted(const std::string& line) {
    if (interrupted()) throw failure{exit_code::interrupted, line};
}

void sleep_for(std::chrono::milliseconds time) { ::poll(nullptr, 0, static_cast<int>(time.count())); }

unhurried::unhurried() { finishing = 1; }
unhurried::~unhurried() { finishing = 0; }

progress_bar::progress_bar(std::string what, std::size_t total)
    : what_{std::move(what)}, total_{std::max<std::size_t>(total, 1)}, active_{::isatty(STDERR_FILENO) == 1} {
    draw();
}

progress_bar::~progress_bar() { clear(); }

void progress_bar::advance(std::size_t by) {
    done_ = std::min(done_ + by, total_);
    const auto now = steady_clock::now();
    if (now - drawn_ < 100ms && done_ < total_) return;
    drawn_ = now;
    draw();
}

void progress_bar::waits(const std::string& why, std::chrono::milliseconds left) {
    const auto seconds = std::to_string(std::chrono::round<std::chrono::seconds>(left).count());
    if (!active_ && !waiting_) std::fputs(("stagectl: waiting up to " + seconds + " s: " + why + '\n').c_str(), stderr);
    waiting_ = true;
    note_ = "waiting (" + seconds + " s left): " + why;
    draw();
}

void progress_bar::goes_on() {
    if (!waiting_) return;
    if (!active_) std::fputs("stagectl: it answers again; going on\n", stderr);
    waiting_ = false;
    note_.clear();
    draw();
}

void progress_bar::clear() {
    if (shown_) std::fputs("\r\033[K", stderr);
    shown_ = false;
}

void progress_bar::draw() {
    if (!active_ || (total_ == 1 && !waiting_)) return;
    constexpr std::size_t width = 30;
    const auto full = width * done_ / total_;
    const auto seconds = std::chrono::duration<double>(steady_clock::now() - began_).count();
    const auto rate = seconds > 0.2 ? static_cast<long>(std::lround(static_cast<double>(done_) / seconds)) : 0L;
    const auto bar = " [" + std::string(full, '#') + std::string(width - full, '.') + ']';
    auto line = what_ + (waiting_ ? "" : bar) + ' ' + std::to_string(done_) + '/' + std::to_string(total_);
    if (waiting_) {
        line += "  " + note_;
    } else if (rate > 0) {
        line += "  " + std::to_string(rate) + "/s";
    }
    // What the terminal's edge breaks could not be drawn over.
    std::fputs(('\r' + line.substr(0, width_of(STDERR_FILENO) - 1) + "\033[K").c_str(), stderr);
    std::fflush(stderr);
    shown_ = true;
}

}  // namespace stagedoor::ctl
