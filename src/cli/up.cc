#include "cli/up.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "cli/demo.h"
#include "cli/exit_code.h"
#include "cli/module_options.h"
#include "cli/process.h"
#include "runtime/log.h"
#include "settings/load.h"
#include "simulate/simulation.h"

namespace holdfast::cli {

namespace {

std::expected<settings::Loaded, std::vector<settings::Problem>> load_settings(const UpOptions& options) {
    settings::Inputs inputs;
    inputs.environment = settings::process_environment;
    inputs.overrides = options.sets;
    if (!options.data_dir.empty()) inputs.overrides.push_back("paths.data_dir=" + options.data_dir);
    if (!options.config.empty()) {
        auto text = settings::read_settings_file(options.config);
        if (!text) return std::unexpected(std::vector{settings::Problem{options.config, text.error().message()}});
        inputs.file_name = options.config;
        inputs.file_text = std::move(*text);
    } else if (options.demo) {
        inputs.file_name = "demo settings";
        inputs.file_text = demo_settings();
    }
    return settings::load(inputs);
}

int exit_with(ExitCode code) {
    return static_cast<int>(code);
}

/// One run of `holdfast up`, from its first part to its last.
class Run {
public:
    Run(UpOptions options, settings::Loaded loaded)
        : options_(std::move(options)),
          io_(1),
          signals_(io_, SIGINT, SIGTERM),
          hangups_(io_, SIGHUP),
          process_(std::make_unique<Process>(io_, std::move(loaded), [this] { return load_settings(options_); })) {}

    int run() {
        await_signal();
        await_hangup();
        if (const auto started = process_->start([this] { greet(); }); !started) {
            log::error("up", "{}", started.error().message());
            code_ = ExitCode::failed;
            stop();
        }
        io_.run();
        return exit_with(code_);
    }

private:
    void greet() {
        const settings::Settings& settings = process_->settings();
        const std::string text = screen({.devices = process_->device_addresses().front(),
                                         .api = process_->api_address(),
                                         .token_file = settings.admin.token_file,
                                         .data_dir = settings.paths.data_dir},
                                        options_.demo);
        std::fputs(text.c_str(), stdout);
        std::fflush(stdout);
        if (!options_.demo) return;
        simulation_.emplace(io_, demo_fleet(process_->device_addresses().front()), simulate::Simulation::ReportSink{});
        simulation_->start([] {});
    }

    void await_signal() {
        signals_.async_wait([this](const boost::system::error_code& error, int signal) {
            if (error) return;
            log::info("up", "signal {}: ending; once more ends at once", signal);
            // The default disposition is back, so that an impatient second signal is obeyed by the kernel.
            signals_.clear();
            stop();
        });
    }

    void await_hangup() {
        hangups_.async_wait([this](const boost::system::error_code& error, int) {
            if (error) return;
            log::info("up", "SIGHUP: reading the settings again");
            static_cast<void>(process_->reload());
            await_hangup();
        });
    }

    void stop() {
        signals_.clear();
        hangups_.cancel();
        simulation_.reset();
        process_->stop([this] { io_.stop(); });
    }

    UpOptions options_;
    boost::asio::io_context io_;
    boost::asio::signal_set signals_;
    boost::asio::signal_set hangups_;
    std::unique_ptr<Process> process_;
    std::optional<simulate::Simulation> simulation_;
    ExitCode code_ = ExitCode::ok;
};

}  // namespace

int run_up(const UpOptions& options) {
    if (options.demo && !options.config.empty()) {
        std::fputs("holdfast up: --demo brings its own settings; leave --config out, or leave --demo out\n", stderr);
        return exit_with(ExitCode::usage);
    }
    auto loaded = load_settings(options);
    if (!loaded) {
        for (const settings::Problem& problem : loaded.error())
            fmt::print(stderr, "holdfast up: {}\n", problem.text());
        return exit_with(ExitCode::usage);
    }
    configure_log(loaded->settings.log);
    std::signal(SIGPIPE, SIG_IGN);
    return Run(options, std::move(*loaded)).run();
}

}  // namespace holdfast::cli
