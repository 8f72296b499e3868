#pragma once
// Which command centres are alive, for processes that are none: read from their leases in the store when somebody asks, and
// kept for a moment.
//
// Threads: one thread; each reading is a short one of the file.

#include <string>
#include <vector>

#include "base/time.h"
#include "storage/command_store.h"

namespace holdfast::cli {

class LivingCentres {
public:
    /// Both must outlive this object.
    LivingCentres(const Clock& clock, storage::CommandStore& store) : clock_(clock), store_(store) {}

    /// A centre that is new is among them a moment after it has begun.
    [[nodiscard]] const std::vector<std::string>& names();

private:
    const Clock& clock_;
    storage::CommandStore& store_;
    Time read_again_at_{};
    std::vector<std::string> names_;
};

}  // namespace holdfast::cli
