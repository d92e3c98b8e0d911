#include "auth-service/stagectl/stream_lines.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

namespace stagedoor::ctl {
namespace {

namespace json = boost::json;

constexpr std::size_t line_max = 1024 * 1024;  // a frame has some KiB at most

std::string text_at(const json::object& from, std::string_view name) {
    const auto* const value = from.if_contains(name);
    return value && value->is_string() ? std::string{value->as_string()} : std::string{};
}

std::int64_t number_at(const json::object& from, std::string_view name) {
    const auto* const value = from.if_contains(name);
    return value && value->is_int64() ? std::max<std::int64_t>(value->as_int64(), 0) : 0;
}

}  // namespace

bool stream_lines::take(std::string_view bytes) {
    for (std::size_t end; (end = bytes.find('\n')) != std::string_view::npos; bytes.remove_prefix(end + 1)) {
        begun_ += bytes.substr(0, end);
        take_line(begun_);
        begun_.clear();
    }
    begun_ += bytes;
    return begun_.size() <= line_max;
}

bool stream_lines::take_news() noexcept { return std::exchange(news_, false); }

void stream_lines::take_line(std::string_view line) {
    constexpr std::string_view mark = "data:";
    if (!line.starts_with(mark)) return;
    json::error_code wrong;
    const auto whole = json::parse(line.substr(mark.size()), wrong);
    const auto* const frame = wrong ? nullptr : whole.if_object();
    if (!frame) return;
    news_ = true;
    const auto type = text_at(*frame, "type");
    const auto* const data = frame->if_contains("data");
    if (!data || !data->is_object()) return;
    const auto& said = data->as_object();
    if (type == "stagedoor.connection.welcome") {
        welcomed_ = true;
        const std::chrono::milliseconds heartbeat{number_at(said, "heartbeatIntervalMs")};
        if (heartbeat.count() > 0) silence_max_ = heartbeat + heartbeat / 2;
    }
    if (type == "stagedoor.connection.closing") {
        const auto reconnect = text_at(said, "reconnect");
        advice_ = reconnect == "now" ? reconnect_advice::now : reconnect == "after" ? reconnect_advice::after : reconnect_advice::none;
        after_ = std::chrono::milliseconds{number_at(said, "afterMs")};
    }
}

}  // namespace stagedoor::ctl
