#include "command/certainty.h"

#include <algorithm>

namespace holdfast::command {

bool may_have_arrived(const Command& command) noexcept {
    return std::ranges::any_of(command.attempts, [](const Attempt& attempt) { return may_have_arrived(attempt); });
}

Executed certainty(const Command& command) noexcept {
    return may_have_arrived(command) ? Executed::unknown : Executed::no;
}

}  // namespace holdfast::command
