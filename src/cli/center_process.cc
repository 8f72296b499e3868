#include "cli/center_process.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "admin/admin_token.h"
#include "cli/api_place.h"
#include "cli/data_dir.h"
#include "cli/fleet_place.h"
#include "cli/module_options.h"
#include "cli/version.h"
#include "runtime/log.h"

namespace holdfast::cli {

CenterProcess::CenterProcess(boost::asio::io_context& io, settings::Loaded loaded, LoadSettings load_again)
    : io_(io), loaded_(std::move(loaded)), load_again_(std::move(load_again)) {}

CenterProcess::~CenterProcess() = default;

Result<> CenterProcess::start(std::function<void(Result<>)> ready) {
    const settings::Settings& settings = loaded_.settings;
    if (auto shared = require_shared_queue(settings); !shared) return shared;
    if (auto made = make_data_dir(settings.paths.data_dir); !made) return made;
    auto parts = CommandParts::open(io_, clock_, settings);
    if (!parts) return std::unexpected(std::move(parts).error());
    parts_ = std::move(*parts);
    directory_ = std::make_unique<directory::RemoteDirectory>(io_, clock_, fleet_place_finder(settings));
    if (auto opened = open_admin(); !opened) return opened;
    log::info("center", "the API is at {}; waiting for the fleet", admin_->endpoint());
    // Before that every device would be unknown, and its commands refused for it.
    directory_->start([this, ready = std::move(ready)] { ready(begin()); });
    return {};
}

Result<> CenterProcess::open_admin() {
    const settings::Settings& settings = loaded_.settings;
    auto token = admin::load_or_make_token(settings.admin.token_file);
    if (!token) return std::unexpected(std::move(token).error());
    admin_options_ = admin_options(settings.admin);
    admin::ApiHooks hooks;
    hooks.shown_settings = [this] { return settings::shown_settings(loaded_); };
    hooks.reload_settings = [this] { return reload(); };
    hooks.troubles = [this] { return troubles(); };
    hooks.no_commands = [this] {
        return fmt::format("this centre does not know the fleet yet, so it takes no commands: {}",
                           directory_->status().sentence);
    };
    api_ = std::make_unique<admin::Api>(admin::Api{.io = io_,
                                                   .clock = clock_,
                                                   .control = nullptr,
                                                   .keeper = nullptr,
                                                   .directory = nullptr,
                                                   .options = admin_options_,
                                                   .hooks = std::move(hooks),
                                                   .version = std::string(version)});
    tokens_ = std::make_unique<access::Tokens>(token->reveal(),
                                               std::filesystem::path(settings.paths.data_dir) / access::token_file_name);
    admin_ = std::make_unique<admin::AdminServer>(io_, *api_, *tokens_, admin_options_);
    return admin_->start();
}

Result<> CenterProcess::begin() {
    const settings::Settings& settings = loaded_.settings;
    center_ = std::make_unique<center::CommandCenter>(io_, clock_, *parts_.store, *parts_.queue, *directory_,
                                                      complete_center_options(settings));
    if (auto started = center_->start(); !started) return started;
    api_->commands = center_.get();
    if (!settings.rpc.listen.empty()) {
        rpc_ = std::make_unique<rpc::RpcServer>(io_, clock_, *center_, *tokens_, rpc_options(settings.rpc));
        if (auto started = rpc_->start(); !started) return started;
        log::info("center", "gRPC is at {}", rpc_->endpoint());
    }
    if (!write_endpoint_file(settings.paths.data_dir, admin_->endpoint(), name())) {
        log::warning("center", "cannot write {}/{}: command lines need --api {}", settings.paths.data_dir,
                     endpoint_file_name(name()), admin_->endpoint());
    }
    return {};
}

std::vector<std::string> CenterProcess::troubles() const {
    const directory::RemoteDirectoryStatus status = directory_->status();
    if (status.connected) return {};
    return {fmt::format("{}: {}", status.complete ? "where devices are may be old news" : "no commands are taken yet",
                        status.sentence)};
}

std::expected<settings::Reload, std::vector<settings::Problem>> CenterProcess::reload() {
    auto fresh = load_again_();
    if (!fresh) {
        for (const settings::Problem& problem : fresh.error())
            log::error("settings", "not reloaded: {}", problem.text());
        return std::unexpected(std::move(fresh).error());
    }
    settings::Reload reload = settings::reload(loaded_.settings, fresh->settings);
    loaded_ = std::move(*fresh);
    loaded_.settings = reload.settings;
    configure_log(loaded_.settings.log);
    if (center_) center_->set_options(complete_center_options(loaded_.settings));
    admin_options_.page_size = loaded_.settings.admin.page_size;
    admin_options_.max_page_size = loaded_.settings.admin.page_size_max;
    for (const std::string& sentence : reload.sentences())
        log::info("settings", "{}", sentence);
    return reload;
}

void CenterProcess::stop(const std::function<void()>& done) {
    if (std::exchange(stopping_, true)) return;
    if (directory_) directory_->stop();
    if (admin_) {
        admin_->stop();
        remove_endpoint_file(loaded_.settings.paths.data_dir, name());
    }
    if (rpc_) rpc_->stop();
    if (center_) center_->stop();
    parts_.flush("center");
    done();
}

}  // namespace holdfast::cli
