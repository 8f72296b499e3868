#pragma once
// In a process with gateway and fleet, but without a command centre: tells the centres of other processes which devices have
// acknowledged which commands, as only the gateway sees that.
//
// Threads: the thread that runs `io`.

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command_parts.h"
#include "cli/living_centres.h"
#include "runtime/log.h"

namespace holdfast::cli {

class AcknowledgementForwarder {
public:
    /// All must outlive it.
    [[nodiscard]] static Result<std::unique_ptr<AcknowledgementForwarder>> create(boost::asio::io_context& io,
                                                                                  const Clock& clock,
                                                                                  const settings::Settings& settings,
                                                                                  control::DeviceDirectory& directory);
    AcknowledgementForwarder(const AcknowledgementForwarder&) = delete;
    AcknowledgementForwarder& operator=(const AcknowledgementForwarder&) = delete;

    /// A gateway saw it.
    void take(std::string_view device, const fleet::Acknowledged& fact);
    [[nodiscard]] std::vector<std::string> topics() const { return followed_topics(*parts_.profiles); }

private:
    AcknowledgementForwarder(const Clock& clock, CommandParts parts, control::DeviceDirectory& directory);

    const Clock& clock_;
    CommandParts parts_;
    control::DeviceDirectory& directory_;
    LivingCentres centres_;
    std::shared_ptr<log::RepeatLimit> refused_ = std::make_shared<log::RepeatLimit>(1, std::chrono::seconds(30));
};

}  // namespace holdfast::cli
