#include "cli/channel_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <utility>

#include "cli/channel_process.h"
#include "cli/module_options.h"
#include "cli/signalled_run.h"
#include "runtime/log.h"

namespace holdfast::cli {

int run_channel(const ChannelRunOptions& options) {
    auto loaded = load_settings_or_explain("channel", options);
    if (!loaded) return loaded.error();
    configure_log(loaded->settings.log);
    boost::asio::io_context io(1);
    ChannelProcess process(io, std::move(loaded->settings), options.clusters);
    SignalledRun run(io, "channel",
                     {.start =
                          [&] {
                              return process.start([&] {
                                  fmt::print("\n  channels to       {}\n  as                {}\n\n",
                                             options.clusters.empty() ? "every cluster"
                                                                      : fmt::format("{}", fmt::join(options.clusters, ", ")),
                                             process.instance());
                                  std::fflush(stdout);
                              });
                          },
                      .reload = [] { log::info("channel", "nothing of a channel changes while it runs; start it again"); },
                      .stop = [&](std::function<void()> done) { process.stop(done); }});
    return run.run();
}

}  // namespace holdfast::cli
