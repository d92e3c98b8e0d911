#include "auth-service/stagectl/print.hpp"

#include <boost/json.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "auth-service/stagectl/failure.hpp"

namespace stagedoor::ctl {
namespace {

namespace json = boost::json;

std::string indent(std::size_t depth) { return std::string(2 * depth, ' '); }

void append(std::string& out, const json::value& what, std::size_t depth) {
    const bool open_array = what.is_array() && !what.as_array().empty();
    const bool open_object = what.is_object() && !what.as_object().empty();
    if (open_array) {
        const char* between = "[\n";
        for (const auto& item : what.as_array()) {
            out += std::exchange(between, ",\n") + indent(depth + 1);
            append(out, item, depth + 1);
        }
        out += '\n' + indent(depth) + ']';
    } else if (open_object) {
        const char* between = "{\n";
        for (const auto& member : what.as_object()) {
            out += std::exchange(between, ",\n") + indent(depth + 1) + json::serialize(json::value(member.key())) + ": ";
            append(out, member.value(), depth + 1);
        }
        out += '\n' + indent(depth) + '}';
    } else {
        out += json::serialize(what);
    }
}

}  // namespace

void print(std::string_view text) {
    errno = 0;
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
    if (written) return;
    const int why = errno;
    if (why == EPIPE) std::_Exit(0);
    throw failure{exit_code::not_written, std::string{"the output cannot be written: "} + std::strerror(why) +
                                              "; what the command did is done all the same"};
}

void print_json(const json::value& what) {
    std::string out;
    append(out, what, 0);
    print(out + '\n');
}

std::string shown_time(std::string_view rfc3339) {
    if (rfc3339.empty()) return "never";
    std::string text{rfc3339.substr(0, 19)};
    if (text.size() == 19) text[10] = ' ';
    return text;
}

std::string shown_moment(std::string_view rfc3339) { return rfc3339.empty() ? shown_time(rfc3339) : shown_time(rfc3339) + 'Z'; }

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
    return std::to_string(count) + ' ' + std::string{count == 1 ? one : many};
}

}  // namespace stagedoor::ctl
