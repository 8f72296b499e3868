#pragma once
// What all devices of a simulation share: where to connect, the counts, and how a device asks to be woken.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "net/tcp.h"
#include "simulate/close_times.h"
#include "simulate/device_plan.h"
#include "simulate/options.h"
#include "simulate/tally.h"

namespace holdfast::simulate {

struct FleetGround {
    net::IoContext& io;
    Options options;
    PlanOptions plan;
    /// `options.to`, resolved once for all when it is a number.
    std::optional<net::Endpoint> endpoint;
    Tally tally;
    CloseTimes close_times;
    std::string message;  ///< scratch for one payload
    std::string topic;    ///< scratch for one topic
    /// The device's deadline may be another now.
    std::function<void(std::uint32_t number)> replan;
};

}  // namespace holdfast::simulate
