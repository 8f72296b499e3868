#pragma once
// The process' log, to standard error: a line of text for people, or one JSON object a line for programs. Adapters and roles
// log; machines do not. Never hand in a password or a token.
//
//     2026-11-21 22:14:08.123 INFO  gateway   device meter-7 connected to east-1
//     {"time":"2026-11-21T22:14:08.123Z","level":"info","part":"gateway","message":"device meter-7 connected to east-1"}
//
// Threads: everything here may be called from any thread. A line is written whole, before the call returns: lines are for what
// an operator should know, not for each message or CONNECT, and what can repeat without end goes through a RepeatLimit.

#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"

namespace holdfast::log {

enum class Level : std::uint8_t { debug, info, warning, error };
enum class Format : std::uint8_t { text, json };

/// Takes effect for the next line. Before the first call: info, text.
void configure(Level level, Format format);
[[nodiscard]] bool enabled(Level level) noexcept;
/// Where lines go; for tests. Each call gets one whole line without its newline. An empty function means standard error.
void set_sink(std::function<void(std::string_view line)> sink);

/// Writes one line. `part` is the module's name. Control characters in `message` are escaped, so that a device cannot forge a
/// line.
void write(Level level, std::string_view part, std::string_view message);

template <class... Args>
void debug(std::string_view part, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::debug)) write(Level::debug, part, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(std::string_view part, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::info)) write(Level::info, part, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(std::string_view part, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::warning)) write(Level::warning, part, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(std::string_view part, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::error)) write(Level::error, part, fmt::format(format, std::forward<Args>(args)...));
}

/// Keeps a line that can repeat without end from filling the log: the first `burst` lines of each window are written, the
/// others are counted, and the count is told once when the window is over ("... and 214 more in 10s"). One object per kind of
/// line; make it a member or a static. Threads: any.
class RepeatLimit {
public:
    explicit RepeatLimit(std::uint32_t burst = 5, Duration window = std::chrono::seconds(10)) noexcept;

    /// Writes the line, or counts it. `now` from the caller's `Clock`.
    void write(Time now, Level level, std::string_view part, std::string_view message);
    /// Tells what was held back when the window is over; call it now and then, so that the count does not wait for the next
    /// line.
    void flush(Time now);

private:
    void tell_held_back(Time now);

    const std::uint32_t burst_;
    const Duration window_;
    std::mutex mutex_;
    Time window_began_{};
    bool open_ = false;
    std::uint32_t written_ = 0;
    std::uint64_t held_back_ = 0;
    Level last_level_ = Level::info;
    std::string last_part_;
    std::string last_message_;
};

}  // namespace holdfast::log
