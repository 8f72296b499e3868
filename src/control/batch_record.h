#pragma once
// What the audit record says of a batch of commands: one entry for all that were taken.

#include <cstddef>
#include <string>

#include "control/command_port.h"

namespace holdfast::control {

class BatchRecord {
public:
    /// One member's answer.
    void add(const Result<Submitted>& submitted);

    /// Members that were taken, repetitions not counted.
    [[nodiscard]] std::size_t taken() const noexcept { return taken_; }
    /// The id of the first of them, e.g. as the entry's object.
    [[nodiscard]] std::string first() const { return first_.text(); }
    /// How many up to which id, and what for whom as far as a line tells.
    [[nodiscard]] std::string text() const;

private:
    std::size_t taken_ = 0;
    command::CommandId first_ = {};
    command::CommandId last_ = {};
    std::string what_ = {};  ///< the first one's name and device
};

}  // namespace holdfast::control
