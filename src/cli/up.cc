#include "cli/up.h"

#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "cli/demo.h"
#include "cli/exit_code.h"
#include "cli/module_options.h"
#include "cli/process.h"
#include "cli/signalled_run.h"
#include "simulate/simulation.h"

namespace holdfast::cli {

namespace {

std::string_view built_in(const UpOptions& options) {
    return options.demo ? demo_settings() : std::string_view{};
}

/// One run of `holdfast up`, with the demo's devices if they are wanted.
class Run {
public:
    Run(UpOptions options, settings::Loaded loaded)
        : options_(std::move(options)),
          io_(1),
          process_(std::make_unique<Process>(io_, std::move(loaded),
                                             [this] { return load_settings(options_, built_in(options_)); })),
          run_(io_, "up",
               {.start = [this] { return process_->start([this] { greet(); }); },
                .reload = [this] { static_cast<void>(process_->reload()); },
                .stop =
                    [this](std::function<void()> done) {
                        simulation_.reset();
                        process_->stop(std::move(done));
                    }}) {}

    int run() { return run_.run(); }

private:
    void greet() {
        const settings::Settings& settings = process_->settings();
        const std::string text = screen({.devices = process_->device_addresses().front(),
                                         .api = process_->api_address(),
                                         .rpc = process_->rpc_address(),
                                         .token_file = settings.admin.token_file,
                                         .data_dir = settings.paths.data_dir},
                                        options_.demo);
        std::fputs(text.c_str(), stdout);
        std::fflush(stdout);
        if (!options_.demo) return;
        simulation_.emplace(io_, demo_fleet(process_->device_addresses().front()), simulate::Simulation::ReportSink{});
        simulation_->start([] {});
    }

    UpOptions options_;
    boost::asio::io_context io_;
    std::unique_ptr<Process> process_;
    std::optional<simulate::Simulation> simulation_;
    SignalledRun run_;
};

}  // namespace

int run_up(const UpOptions& options) {
    if (options.demo && !options.config.empty()) {
        std::fputs("holdfast up: --demo brings its own settings; leave --config out, or leave --demo out\n", stderr);
        return static_cast<int>(ExitCode::usage);
    }
    auto loaded = load_settings_or_explain("up", options, built_in(options));
    if (!loaded) return loaded.error();
    configure_log(loaded->settings.log);
    return Run(options, std::move(*loaded)).run();
}

}  // namespace holdfast::cli
