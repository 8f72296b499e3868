#pragma once
// A process that is a command centre with its faces, HTTP and gRPC, and nothing else: where devices are it learns from the
// process that has the fleet, and what is to reach them goes through the queue's file to the channels' processes. Commands are
// taken once it knows the fleet, and go on being taken while the fleet's process is away.
//
// Threads: the thread that runs `io`.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "access/tokens.h"
#include "admin/admin_server.h"
#include "admin/api.h"
#include "base/result.h"
#include "center/command_center.h"
#include "cli/command_parts.h"
#include "directory/remote_directory.h"
#include "rpc/rpc_server.h"
#include "runtime/system_clock.h"
#include "settings/load.h"
#include "settings/reload.h"

namespace holdfast::cli {

class CenterProcess {
public:
    using LoadSettings = std::function<std::expected<settings::Loaded, std::vector<settings::Problem>>()>;

    /// `io` must outlive this object.
    CenterProcess(boost::asio::io_context& io, settings::Loaded loaded, LoadSettings load_again);
    ~CenterProcess();
    CenterProcess(const CenterProcess&) = delete;
    CenterProcess& operator=(const CenterProcess&) = delete;

    /// Opens everything and asks for the fleet; `ready` is called once, when commands are taken or cannot be. After an error
    /// call `stop` and let `io` run dry.
    [[nodiscard]] Result<> start(std::function<void(Result<>)> ready);
    /// Ends everything in order; what was taken is recorded. Then calls `done`.
    void stop(const std::function<void()>& done);
    std::expected<settings::Reload, std::vector<settings::Problem>> reload();

    [[nodiscard]] const std::string& name() const noexcept { return loaded_.settings.commands.centre; }
    [[nodiscard]] std::string api_address() const { return admin_->endpoint(); }
    /// Empty without gRPC.
    [[nodiscard]] std::string rpc_address() const { return rpc_ ? rpc_->endpoint() : std::string(); }

private:
    [[nodiscard]] Result<> open_admin();
    [[nodiscard]] Result<> begin();
    [[nodiscard]] std::vector<std::string> troubles() const;

    boost::asio::io_context& io_;
    settings::Loaded loaded_;
    LoadSettings load_again_;
    runtime::SystemClock clock_;
    CommandParts parts_;
    std::unique_ptr<directory::RemoteDirectory> directory_;
    std::unique_ptr<center::CommandCenter> center_;
    admin::AdminOptions admin_options_;
    std::unique_ptr<admin::Api> api_;
    std::unique_ptr<access::Tokens> tokens_;
    std::unique_ptr<admin::AdminServer> admin_;
    /// Null when rpc.listen names no address.
    std::unique_ptr<rpc::RpcServer> rpc_;
    bool stopping_ = false;
};

}  // namespace holdfast::cli
