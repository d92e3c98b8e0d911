#include "common/obs/log.hpp"

#include <spdlog/sinks/sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "common/obs/line_writer.hpp"
#include "common/obs/record.hpp"

namespace stagedoor::obs::log {
namespace {

level from_spdlog(spdlog::level::level_enum at) {
    if (at <= spdlog::level::debug) return level::debug;
    if (at == spdlog::level::info) return level::info;
    return at == spdlog::level::warn ? level::warn : level::error;
}

spdlog::level::level_enum to_spdlog(level at) {
    switch (at) {
        case level::debug:
            return spdlog::level::debug;
        case level::info:
            return spdlog::level::info;
        case level::warn:
            return spdlog::level::warn;
        case level::error:
            return spdlog::level::err;
        case level::off:
            break;
    }
    return spdlog::level::off;
}

std::string drop_notice(format wanted, std::uint64_t count) {
    const field fields[]{{"count", count}};
    return line_of_event(wanted, system_now(), level::warn, "log_lines_dropped", fields);
}

}  // namespace

namespace impl {

// Where spdlog's records and ours meet.
class line_sink final : public spdlog::sinks::sink {
public:
    explicit line_sink(const settings& wanted)
        : format_{wanted.format}, writer_{wanted.fd, [format = wanted.format](std::uint64_t count) {
                                              return drop_notice(format, count);
                                          }} {}

    void write(log::level at, std::string_view event, std::span<const field> fields) {
        writer_.push(line_of_event(format_, system_now(), at, event, fields));
    }

    void log(const spdlog::details::log_msg& record) override {
        const auto at = std::chrono::floor<std::chrono::milliseconds>(record.time);
        const std::string_view message{record.payload.data(), record.payload.size()};
        writer_.push(line_of_message(format_, at, from_spdlog(record.level), message));
    }
    void flush() override {}
    void set_pattern(const std::string&) override {}
    void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

    std::uint64_t dropped() const noexcept { return writer_.dropped(); }

private:
    const format format_;
    line_writer writer_;
};

}  // namespace impl

namespace {

std::atomic<impl::line_sink*> current{nullptr};

void make_default(spdlog::sink_ptr sink, level at) {
    auto logger = std::make_shared<spdlog::logger>("", std::move(sink));
    logger->set_level(to_spdlog(at));
    spdlog::set_default_logger(std::move(logger));
    impl::threshold.store(at, std::memory_order_relaxed);
}

}  // namespace

void impl::write(level at, std::string_view event, std::span<const field> fields) {
    if (auto* sink = current.load(std::memory_order_acquire)) {
        sink->write(at, event, fields);
    } else {
        const auto text = text_of_event(event, fields);
        spdlog::default_logger_raw()->log(to_spdlog(at), spdlog::string_view_t{text.data(), text.size()});
    }
}

output::output(settings wanted) : sink_{std::make_shared<impl::line_sink>(wanted)} {
    make_default(sink_, wanted.level);
    current.store(sink_.get(), std::memory_order_release);
}

output::~output() {
    current.store(nullptr, std::memory_order_release);
    make_default(std::make_shared<spdlog::sinks::stderr_sink_mt>(), impl::threshold.load(std::memory_order_relaxed));
}

std::uint64_t output::dropped() const noexcept { return sink_->dropped(); }

}  // namespace stagedoor::obs::log
