#include "cli/sentinel_run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <glob.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "cli/data_dir.h"
#include "cli/descriptor_limit.h"
#include "cli/exit_code.h"
#include "cli/module_options.h"
#include "cli/sentinel_options.h"
#include "cli/signalled_run.h"
#include "cli/supervisor.h"
#include "cli/version.h"
#include "runtime/log.h"
#include "runtime/system_clock.h"
#include "sentinel/config_file.h"
#include "settings/reload.h"
#include "watch/executable.h"
#include "watch/text_file.h"
#include "watch/watcher.h"

namespace holdfast::cli {
namespace {

constexpr std::string_view part = "sentinel";

/// The file's own path, without symbolic links, because it is replaced when the state is saved.
std::string real_path(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), std::free);
    return real ? real.get() : "";
}

/// The text of `include pattern`: all files that it names, one behind the other.
std::optional<std::string> included(std::string_view pattern) {
    glob_t found{};
    std::string text;
    if (::glob(std::string(pattern).c_str(), 0, nullptr, &found) != 0) {
        ::globfree(&found);
        return std::nullopt;
    }
    bool read_all = true;
    for (std::size_t i = 0; i < found.gl_pathc && read_all; ++i) {
        const auto file = watch::read_text_file(found.gl_pathv[i], sentinel::max_config_file_bytes - text.size());
        read_all = file.has_value();
        if (read_all) text += *file + '\n';
    }
    ::globfree(&found);
    return read_all ? std::optional(std::move(text)) : std::nullopt;
}

int refuse(std::string_view why) {
    fmt::print(stderr, "{}\n", why);
    return static_cast<int>(ExitCode::failed);
}

/// Each line opens the file anew, so that it can be moved away at any time.
void log_into(const std::string& path) {
    const auto mutex = std::make_shared<std::mutex>();
    log::set_sink([path, mutex](std::string_view line) {
        const std::scoped_lock lock(*mutex);
        std::FILE* const file = std::fopen(path.c_str(), "ae");
        fmt::print(file != nullptr ? file : stderr, "{}\n", line);
        if (file != nullptr) std::fclose(file);
    });
}

/// What the file says of the process: where it works, where it logs, where its id goes. An error as a sentence.
std::optional<std::string> settle(const sentinel::ServerOptions& server) {
    if (!server.dir.empty() && ::chdir(server.dir.c_str()) != 0)
        return fmt::format("Can't chdir to '{}': {}", server.dir, std::strerror(errno));
    if (!server.logfile.empty()) {
        std::FILE* const file = std::fopen(server.logfile.c_str(), "ae");
        if (file == nullptr) return fmt::format("Can't open the log file {}: {}", server.logfile, std::strerror(errno));
        std::fclose(file);
        log_into(std::filesystem::absolute(server.logfile).string());
    }
    log::configure(watch::log_level_named(server.loglevel).value_or(log::Level::info), log::Format::text);
    return std::nullopt;
}

/// Exists as long as the process runs in order.
class PidFile {
public:
    explicit PidFile(std::string path) : path_(path.empty() ? "" : std::filesystem::absolute(path).string()) {
        if (path_.empty()) return;
        std::FILE* const file = std::fopen(path_.c_str(), "we");
        if (file == nullptr) {
            log::warning(part, "the process id cannot be written to {}: {}", path_, std::strerror(errno));
            path_.clear();
            return;
        }
        fmt::print(file, "{}\n", ::getpid());
        std::fclose(file);
    }
    ~PidFile() {
        if (!path_.empty()) ::unlink(path_.c_str());
    }
    PidFile(const PidFile&) = delete;
    PidFile& operator=(const PidFile&) = delete;

private:
    std::string path_;
};

void tell_warnings(const sentinel::ConfigFile& config) {
    for (const std::string& warning : config.warnings)
        log::warning(part, "{}", warning);
    if (config.server.daemonize)
        log::warning(part, "daemonize: this sentinel stays in the foreground; let systemd or another supervisor run it");
    if (config.server.syslog)
        log::warning(part, "syslog-enabled: this sentinel logs to its standard error or its logfile only");
    if (!config.server.unix_socket.empty()) log::warning(part, "unixsocket: this sentinel listens on TCP ports only");
    if (!config.server.acl_file.empty()) log::warning(part, "aclfile: users are read from `user` lines only");
}

/// What SIGHUP does.
using Reload = std::function<void(watch::Watcher&)>;

int run_watcher(watch::WatcherSetup setup, const Reload& reload) {
    const PidFile pid_file(setup.config.server.pidfile);
    raise_descriptor_limit();
    tell_warnings(setup.config);
    const std::uint16_t port = setup.config.server.port != 0 ? setup.config.server.port : setup.config.server.tls.port;
    setup.version = version;
    setup.executable = real_path("/proc/self/exe");
    runtime::SystemClock clock;
    boost::asio::io_context io(1);
    watch::Watcher watcher(io, clock, std::move(setup), [&] {
        log::info(part, "a client asked for the end");
        boost::asio::post(io, [&] { watcher.stop([&io] { io.stop(); }); });
    });
    SignalledRun run(io, std::string(part),
                     {.start =
                          [&] {
                              auto started = watcher.start();
                              if (started) {
                                  log::info(part, "clients and sentinels connect to port {}", port);
                                  tell_supervisor_ready();
                              }
                              return started;
                          },
                      .reload = [&] { reload(watcher); },
                      .stop = [&](std::function<void()> done) { watcher.stop(done); }});
    return run.run();
}

/// What may change while it runs does so; a file that is wrong changes nothing.
void read_again(const SentinelRunOptions& options, settings::Settings& current, watch::Watcher& watcher) {
    constexpr std::string_view about = "settings";
    const auto fresh = load_settings(options);
    if (!fresh) {
        for (const settings::Problem& problem : fresh.error())
            log::error(about, "not reloaded: {}", problem.text());
        return;
    }
    settings::Reload reload = settings::reload(current, fresh->settings);
    const auto setup = sentinel_setup(reload.settings, {});
    const Result<> changed = setup ? watcher.change(*setup) : Result<>(std::unexpected(setup.error()));
    if (!changed) return log::error(about, "not reloaded: {}", changed.error().message());
    configure_log(reload.settings.log);
    for (const std::string& sentence : reload.sentences())
        log::info(about, "{}", sentence);
    if (reload.changed.empty() && reload.need_restart.empty()) log::info(about, "read again; nothing has changed");
    current = std::move(reload.settings);
}

/// With Holdfast's own settings. What is known of Redis masters, and of groups, is kept in two files of the data directory.
int run_with_settings(const SentinelRunOptions& options) {
    auto loaded = load_settings_or_explain("sentinel", options);
    if (!loaded) return loaded.error();
    settings::Settings& settings = loaded->settings;
    configure_log(settings.log);
    if (auto made = make_data_dir(settings.paths.data_dir); !made)
        return refuse("holdfast sentinel: " + made.error().message());
    const std::string directory = real_path(settings.paths.data_dir);
    const std::string state_file = directory + "/sentinel.conf";
    std::string state;
    if (::access(state_file.c_str(), F_OK) == 0) {
        auto text = watch::read_text_file(state_file, sentinel::max_config_file_bytes);
        if (!text) return refuse("holdfast sentinel: " + text.error().message());
        state = std::move(*text);
    }
    auto setup = sentinel_setup(settings, state);
    if (!setup) return refuse(fmt::format("holdfast sentinel: {}: {}", state_file, setup.error().message()));
    setup->config_file = state_file;
    setup->groups->file = directory + "/groups.state";
    setup->log_format = settings.log.format == settings::LogFormat::json ? log::Format::json : log::Format::text;
    return run_watcher(std::move(*setup), [&](watch::Watcher& watcher) { read_again(options, settings, watcher); });
}

}  // namespace

int run_sentinel(const SentinelRunOptions& options) {
    if (!options.config.empty()) return run_with_settings(options);
    const std::string path = real_path(options.config_file);
    if (path.empty())
        return refuse(fmt::format("Fatal error, can't open config file '{}': {}", options.config_file, std::strerror(errno)));
    auto text = watch::read_text_file(path, sentinel::max_config_file_bytes);
    if (!text) return refuse(fmt::format("Fatal error, {}", text.error().message()));
    if (::access(path.c_str(), W_OK) != 0)
        return refuse(fmt::format("Sentinel config file {} is not writable: {}. Exiting...", path, std::strerror(errno)));
    *text += '\n' + sentinel::lines_of_arguments(options.overrides);
    auto config = sentinel::read_config_file(*text, {.is_executable = watch::is_executable_file, .include = included});
    if (!config) return refuse(fmt::format("\n{}\n{}", sentinel::config_error_headline(version), config.error().message()));
    if (const auto problem = settle(config->server)) return refuse(*problem);
    watch::WatcherSetup setup;
    setup.config = std::move(*config);
    setup.config_file = path;
    return run_watcher(std::move(setup), [](watch::Watcher&) {
        log::info(part, "nothing is read again: SENTINEL SET and CONFIG SET change a sentinel");
    });
}

}  // namespace holdfast::cli
