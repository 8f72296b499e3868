#pragma once
// What a simulated device makes of a command: executes it or answers again from its memory, well or badly, at once or later, or
// not at all. Pure: messages and time go in, chance comes from a seed, and what to do comes out.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"
#include "simulate/dice.h"

namespace holdfast::simulate {

/// Shared by all devices of a simulation; must outlive their answerers. Shares are from 0 to 1.
struct AnswerOptions {
    /// From a command to its answer: evenly from half to one and a half of it.
    Duration latency = std::chrono::milliseconds(20);
    /// Commands remembered: one that comes again is answered again, and not executed again. 0: none.
    std::uint32_t memory = 64;
    double errors = 0;      ///< of the executions end in "failed"
    double silence = 0;     ///< of the commands are executed and never answered
    double duplicates = 0;  ///< of the answers are sent twice
    double crashes = 0;     ///< of the commands are executed, and the connection breaks before the answer
    double forgets = 0;     ///< of the crashes take the memory with them
};

class CommandAnswerer {
public:
    static constexpr std::size_t max_waiting = 64;       ///< answers that are due later
    static constexpr std::uint32_t max_memory = 10'000;  ///< commands remembered

    CommandAnswerer(const AnswerOptions& options, std::string_view device, std::uint64_t seed);

    /// A message as it came. Views are read during the call only.
    struct Message {
        std::string_view topic = {};
        std::string_view response_topic = {};  ///< MQTT 5; empty: none
        ByteView correlation = {};
    };
    enum class Deed : std::uint8_t {
        none,            ///< not a command for this device, or too many answers are due
        executed,        ///< and it succeeded; an answer follows
        failed,          ///< the same, and it did not
        answered_again,  ///< known: the answer follows again
        silent,          ///< executed, and no answer follows
        crashed,         ///< executed; the connection is to be broken off now
    };
    [[nodiscard]] Deed on_message(const Message& message, Time now);

    struct Answer {
        Time at{};
        std::string topic = {};
        std::string payload = {};
        ByteBuffer correlation = {};
        bool twice = false;
    };
    /// The next answer that is due. Call again until nothing comes.
    [[nodiscard]] std::optional<Answer> due(Time now);
    /// When the next one is due; Time::max(): none.
    [[nodiscard]] Time deadline() const noexcept;

    /// `holdfast/<device>/command/#`.
    [[nodiscard]] const std::string& filter() const noexcept { return filter_; }
    [[nodiscard]] std::uint64_t executions() const noexcept { return executions_; }

private:
    struct Remembered {
        std::string id;
        std::string payload;
    };
    void answer(const Message& message, std::string_view rest, std::string payload, Time now);

    const AnswerOptions* options_;
    std::string filter_;
    std::string reply_;  ///< `holdfast/<device>/reply/`
    Dice dice_;
    std::uint64_t executions_ = 0;
    std::deque<Remembered> memory_;
    /// By time.
    std::deque<Answer> waiting_;
};

}  // namespace holdfast::simulate
