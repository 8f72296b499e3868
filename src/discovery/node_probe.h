#pragma once
// One node's probe as a machine: when to connect, when to ask, what counts as an answer, and how long to wait for it. Pure:
// time and what happened on the wire go in, what to do and what to report come out.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace holdfast::discovery {

struct ProbeTiming {
    Duration interval = std::chrono::seconds(1);
    Duration timeout = std::chrono::seconds(1);
};

class NodeProbe {
public:
    enum class Step : std::uint8_t { none, connect, ping, close };
    struct Verdict {
        bool ok = false;
        std::string reason;
        Duration latency{};
        bool lost = false;  ///< it failed because nobody listens, or the connection ended; not by silence
    };
    /// What to do on the wire, and what to tell. After `close` nothing more comes from that connection.
    struct Outcome {
        Step step = Step::none;
        std::optional<Verdict> verdict;
    };

    explicit NodeProbe(const ProbeTiming& timing, Time now) noexcept : timing_(timing), began_(now), next_(now) {}

    /// When `on_time` wants to be called.
    [[nodiscard]] Time deadline() const noexcept { return next_; }
    /// The deadline has come (earlier calls do nothing).
    [[nodiscard]] Outcome on_time(Time now);

    /// CONNACK came, accepting.
    [[nodiscard]] Outcome on_accepted(Time now);
    /// CONNACK came, refusing; `alive_all_the_same` when the refusal is about the probe (credentials), not about the node.
    [[nodiscard]] Outcome on_refused(Time now, std::string_view why, bool alive_all_the_same);
    [[nodiscard]] Outcome on_pong(Time now);
    /// The connection could not be made, or is gone. A node that has only just been listed may not listen yet: during the first
    /// interval it is tried again soon, and no failure is told.
    [[nodiscard]] Outcome on_lost(Time now, std::string_view why);

    /// Ask soon: brings the next question forward, unless one is open. Never more often than ten times per interval.
    void hurry(Time now) noexcept;

    void set_timing(const ProbeTiming& timing) noexcept { timing_ = timing; }

private:
    enum class State : std::uint8_t { apart, connecting, together, asking };

    Outcome report(Step step, bool ok, std::string reason, Time now);
    Outcome report_lost(std::string_view why, Time now);

    ProbeTiming timing_;
    State state_ = State::apart;
    bool ever_told_ = false;
    Time began_;
    Time asked_{};
    Time next_;
    /// This connection was made at once after the last was lost. If it is lost too before a PINGRESP, that is a failure, not a
    /// reason for another at once.
    bool second_try_ = false;
};

}  // namespace holdfast::discovery
