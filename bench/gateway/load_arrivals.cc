// The measurements in which only arriving counts: connect, hold, storm.
#include <algorithm>

#include "arrivals.h"
#include "driver_link.h"
#include "load_modes.h"
#include "sockets.h"

namespace holdfast::bench {
namespace {

constexpr std::size_t warm_up_arrivals = 500;
constexpr std::size_t enrolments_at_once = 16;
constexpr std::size_t holds_at_once = 64;
// Far away from every measured id.
constexpr std::size_t warm_up_first_id = 900'000'000;

ReportLine report(std::string_view event, const ArrivalCounts& counts) {
    ReportLine line(event);
    line.add("answered", static_cast<double>(counts.answered))
        .add("refused", static_cast<double>(counts.refused))
        .add("failed", static_cast<double>(counts.failed))
        .add("unanswered", static_cast<double>(counts.unanswered))
        .add("seconds", counts.seconds);
    return line;
}

void warm_up(const LoadOptions& options) {
    Arrivals arrivals(options);
    arrivals.run({.total = warm_up_arrivals,
                  .at_once = enrolments_at_once,
                  .first_id = warm_up_first_id,
                  .ids = warm_up_arrivals,
                  .keep = false});
}

}  // namespace

void run_connect(const LoadOptions& options) {
    warm_up(options);
    ReportLine("ready").send();
    await_driver();
    Arrivals arrivals(options);
    const ArrivalCounts counts = arrivals.run({.total = options.count,
                                               .at_once = options.connections,
                                               .first_id = options.first_id,
                                               .ids = options.ids == 0 ? options.count : options.ids,
                                               .keep = false});
    report("done", counts).add("operations", static_cast<double>(counts.answered)).send();
    await_driver();
}

void run_hold(const LoadOptions& options) {
    {
        Arrivals enrolment(options);
        const ArrivalCounts counts = enrolment.run({.total = options.connections,
                                                    .at_once = enrolments_at_once,
                                                    .first_id = options.first_id,
                                                    .ids = options.connections,
                                                    .keep = false});
        if (counts.answered != options.connections) fail_plain("not every device was accepted when it first came");
    }
    ReportLine("ready").send();
    await_driver();
    Arrivals arrivals(options);
    const ArrivalCounts counts = arrivals.run({.total = options.connections,
                                               .at_once = holds_at_once,
                                               .first_id = options.first_id,
                                               .ids = options.connections,
                                               .keep = true});
    report("held", counts).send();
    await_driver();
    close_all(arrivals.kept());
    ReportLine("done").send();
    await_driver();
}

void run_storm(const LoadOptions& options) {
    ReportLine("ready").send();
    await_driver();
    Arrivals arrivals(options);
    const ArrivalCounts counts = arrivals.run({.total = options.connections,
                                               .at_once = options.connections,
                                               .first_id = options.first_id,
                                               .ids = options.connections,
                                               .keep = true});
    report("done", counts).add("operations", static_cast<double>(counts.answered)).send();
    await_driver();
    close_all(arrivals.kept());
}

}  // namespace holdfast::bench
