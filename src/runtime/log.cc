#include "runtime/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <cstdio>
#include <memory>

namespace holdfast::log {
namespace {

/// Hands whole lines to standard error, or to a test's function. The base class holds its mutex around each call.
class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    void set_function(std::function<void(std::string_view)> function) {
        const std::lock_guard lock(mutex_);
        function_ = std::move(function);
    }

protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        if (function_) {
            function_({line.data(), line.size() > 0 ? line.size() - 1 : 0});
        } else {
            std::fwrite(line.data(), 1, line.size(), stderr);
        }
    }
    void flush_() override { std::fflush(stderr); }

private:
    std::function<void(std::string_view)> function_;
};

/// The log in one format. There is one of these per format, so that a change of format cannot mix two in one line.
struct FormattedLog {
    explicit FormattedLog(const char* pattern) {
        logger.set_level(spdlog::level::trace);
        sink->set_formatter(std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc, "\n"));
    }

    std::shared_ptr<LineSink> sink = std::make_shared<LineSink>();
    spdlog::logger logger{"holdfast", sink};
};

struct Log {
    FormattedLog text{"%Y-%m-%d %H:%M:%S.%e %v"};
    FormattedLog json{"{\"time\":\"%Y-%m-%dT%H:%M:%S.%eZ\",%v}"};
    std::atomic<Level> level{Level::info};
    std::atomic<Format> format{Format::text};
};

/// Never destroyed, so that the last threads may still log while the process ends.
Log& the_log() {
    static Log* const log = new Log;
    return *log;
}

std::string_view level_name(Level level) {
    switch (level) {
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warning:
            return "warning";
        case Level::error:
            return "error";
    }
    return "unknown";
}

std::string_view level_column(Level level) {
    switch (level) {
        case Level::debug:
            return "DEBUG";
        case Level::info:
            return "INFO ";
        case Level::warning:
            return "WARN ";
        case Level::error:
            return "ERROR";
    }
    return "?????";
}

/// Length of the well-formed UTF-8 sequence at the front of `text`, 0 when it is none.
std::size_t utf8_length(std::string_view text) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = at(0);
    const std::size_t length = first < 0x80                    ? 1
                               : first >= 0xC2 && first < 0xE0 ? 2
                               : first >= 0xE0 && first < 0xF0 ? 3
                               : first >= 0xF0 && first < 0xF5 ? 4
                                                               : 0;
    if (length == 0 || length > text.size()) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((at(i) & 0xC0U) != 0x80U) return 0;
    }
    if (length == 3 && ((first == 0xE0 && at(1) < 0xA0) || (first == 0xED && at(1) >= 0xA0))) return 0;
    if (length == 4 && ((first == 0xF0 && at(1) < 0x90) || (first == 0xF4 && at(1) >= 0x90))) return 0;
    return length;
}

/// `text` without control characters and ill-formed UTF-8; in JSON also without what ends a string.
std::string escaped(std::string_view text, bool json) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const auto first = static_cast<unsigned char>(text.front());
        if (length == 0 || first < 0x20 || first == 0x7F) {
            out += json ? fmt::format("\\u{:04x}", first) : fmt::format("\\x{:02X}", first);
        } else if (json && (first == '"' || first == '\\')) {
            out += '\\';
            out += text.front();
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

}  // namespace

void configure(Level level, Format format) {
    the_log().level.store(level, std::memory_order_relaxed);
    the_log().format.store(format, std::memory_order_relaxed);
}

bool enabled(Level level) noexcept {
    return level >= the_log().level.load(std::memory_order_relaxed);
}

void set_sink(std::function<void(std::string_view line)> sink) {
    the_log().text.sink->set_function(sink);
    the_log().json.sink->set_function(std::move(sink));
}

void write(Level level, std::string_view part, std::string_view message) {
    if (!enabled(level)) return;
    Log& log = the_log();
    const bool json = log.format.load(std::memory_order_relaxed) == Format::json;
    const std::string line =
        json ? fmt::format(R"("level":"{}","part":"{}","message":"{}")", level_name(level), escaped(part, true),
                           escaped(message, true))
             : fmt::format("{} {:<9} {}", level_column(level), escaped(part, false), escaped(message, false));
    (json ? log.json : log.text).logger.log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

RepeatLimit::RepeatLimit(std::uint32_t burst, Duration window) noexcept : burst_(burst), window_(window) {}

void RepeatLimit::write(Time now, Level level, std::string_view part, std::string_view message) {
    if (!enabled(level)) return;
    const std::lock_guard lock(mutex_);
    if (!open_ || now - window_began_ >= window_) {
        tell_held_back(now);
        open_ = true;
        window_began_ = now;
        written_ = 0;
    }
    if (written_ < burst_) {
        ++written_;
        log::write(level, part, message);
        return;
    }
    ++held_back_;
    last_level_ = level;
    last_part_ = part;
    last_message_ = message;
}

void RepeatLimit::flush(Time now) {
    const std::lock_guard lock(mutex_);
    if (open_ && now - window_began_ >= window_) {
        tell_held_back(now);
        open_ = false;
    }
}

void RepeatLimit::tell_held_back(Time now) {
    if (held_back_ == 0) return;
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(now - window_began_).count();
    log::write(last_level_, last_part_,
               fmt::format("... and {} more in {} s, the last: {}", held_back_, seconds, last_message_));
    held_back_ = 0;
}

}  // namespace holdfast::log
