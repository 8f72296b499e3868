#include "cli/center_run.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <utility>

#include "cli/center_process.h"
#include "cli/module_options.h"
#include "cli/signalled_run.h"

namespace holdfast::cli {

int run_center(const RunOptions& options) {
    auto loaded = load_settings_or_explain("center", options);
    if (!loaded) return loaded.error();
    configure_log(loaded->settings.log);
    boost::asio::io_context io(1);
    SignalledRun* running = nullptr;
    CenterProcess process(io, std::move(*loaded), [&options] { return load_settings(options); });
    SignalledRun run(io, "center",
                     {.start =
                          [&] {
                              return process.start([&](const Result<>& ready) {
                                  if (!ready) return running->fail(ready.error());
                                  fmt::print("\n  command centre    {}\n  HTTP API          http://{}/\n", process.name(),
                                             process.api_address());
                                  if (!process.rpc_address().empty())
                                      fmt::print("  gRPC              {}\n", process.rpc_address());
                                  fmt::print("\n");
                                  std::fflush(stdout);
                              });
                          },
                      .reload = [&] { static_cast<void>(process.reload()); },
                      .stop = [&](std::function<void()> done) { process.stop(std::move(done)); }});
    running = &run;
    return run.run();
}

}  // namespace holdfast::cli
