#pragma once
// When to start a child again after it ended: at once waits grow from `first` by doubling to `longest`, and begin anew once a
// child has run for `steady_after`. Pure: time is handed in.

#include "base/time.h"

namespace holdfast::discovery {

struct RestartOptions {
    Duration first = std::chrono::milliseconds(200);
    Duration longest = std::chrono::seconds(10);
    /// A child that ran this long is taken for healthy: its end starts the series anew.
    Duration steady_after = std::chrono::seconds(10);
};

class RestartPolicy {
public:
    explicit RestartPolicy(const RestartOptions& options) noexcept : options_(options) {}

    void started(Time now) noexcept;

    /// The child ended, or could not be started at all: how long to wait before the next start.
    [[nodiscard]] Duration ended(Time now) noexcept;

    /// Starts that failed or ended early in a row.
    [[nodiscard]] unsigned failures() const noexcept { return failures_; }

private:
    RestartOptions options_;
    Time started_at_{};
    bool running_ = false;
    unsigned failures_ = 0;
};

}  // namespace holdfast::discovery
