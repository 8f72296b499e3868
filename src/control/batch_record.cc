#include "control/batch_record.h"

#include <fmt/format.h>

namespace holdfast::control {

void BatchRecord::add(const Result<Submitted>& submitted) {
    if (!submitted || submitted->repeated) return;
    const command::Command& command = submitted->command;
    if (taken_ == 0 || command.id < first_) {
        first_ = command.id;
        what_ = fmt::format("{} for {}", command.name, command.device);
    }
    if (taken_ == 0 || last_ < command.id) last_ = command.id;
    ++taken_;
}

std::string BatchRecord::text() const {
    if (taken_ == 1) return what_;
    return fmt::format("{} commands up to {}, the first {}", taken_, last_.text(), what_);
}

}  // namespace holdfast::control
