// What push_load opens and sets off, as push.mjs and push_people write it down: for each socket four texts and a
// number, each text behind its length (four bytes, little end first).
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace stagedoor::bench {

struct push_target {
    std::string request;                  // the opening handshake
    std::string opening;                  // what is sent once the socket is open: Socket.IO wants to be greeted
    std::array<std::string, 2> triggers;  // by turns: what sets off an event for this socket
    std::uint32_t greetings = 1;          // frames that come before the socket is ready to hear events
};

// Stands in a trigger for the number of the event of its user, from 1, in so many digits.
inline constexpr std::string_view event_number = "@@@@@@@@@@";

inline void append_number(std::string& out, std::uint32_t value) {
    for (unsigned shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(value >> shift & 0xff));
}

inline void append_target(std::string& out, const push_target& target) {
    const auto append = [&](std::string_view text) {
        append_number(out, static_cast<std::uint32_t>(text.size()));
        out.append(text);
    };
    append(target.request);
    append(target.opening);
    for (const auto& each : target.triggers) append(each);
    append_number(out, target.greetings);
}

inline std::vector<push_target> read_targets(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file) throw std::runtime_error{"cannot read " + path};
    const auto number = [&] {
        std::array<unsigned char, 4> bytes{};
        file.read(reinterpret_cast<char*>(bytes.data()), bytes.size());
        std::uint32_t value = 0;
        for (std::size_t i = bytes.size(); i > 0; --i) value = value << 8 | bytes[i - 1];
        return value;
    };
    const auto text = [&] {
        std::string read(number(), '\0');
        file.read(read.data(), static_cast<std::streamsize>(read.size()));
        return read;
    };
    std::vector<push_target> all;
    while (file.peek() != std::ifstream::traits_type::eof()) {
        push_target next;
        next.request = text();
        next.opening = text();
        for (auto& each : next.triggers) each = text();
        next.greetings = number();
        if (!file) throw std::runtime_error{path + " ends too early"};
        all.push_back(std::move(next));
    }
    return all;
}

}  // namespace stagedoor::bench
