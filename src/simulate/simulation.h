#pragma once
// A fleet of plain MQTT devices in this process, on one thread: connects, publishes telemetry, listens for commands,
// reconnects, counts.

#include <functional>
#include <memory>
#include <string_view>

#include "net/tcp.h"
#include "simulate/options.h"
#include "simulate/tally.h"

namespace holdfast::simulate {

/// Device k (from 1) is "<prefix><k>". It publishes to "<id>/telemetry" and subscribes to "<id>/cmd/#", with `echo` to its own
/// telemetry too, with `commands` to "holdfast/<id>/command/#", which it executes and answers. Threads: the io_context's one
/// thread.
class Simulation {
public:
    /// Gets the numbers each `report_interval`, and how long it has run.
    using ReportSink = std::function<void(const Tally&, Duration elapsed)>;

    /// `options` must be without a problem (`problem_with`).
    Simulation(net::IoContext& io, Options options, ReportSink report);
    /// Closes all connections hard; call `stop` first for goodbyes.
    ~Simulation();
    Simulation(const Simulation&) = delete;
    Simulation& operator=(const Simulation&) = delete;

    /// `finished` is called once, after the end: by `duration` or by `stop`.
    void start(std::function<void()> finished);

    /// Stops publishing, waits a little for what is on its way, says goodbye. A second call does not wait.
    void stop();

    /// Somebody else wants this device's id: it leaves it alone, as if it had been taken over. Unknown ids are ignored.
    void step_aside(std::string_view id);

    [[nodiscard]] const Tally& tally() const;
    [[nodiscard]] Duration elapsed() const;
    [[nodiscard]] const Options& options() const;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace holdfast::simulate
