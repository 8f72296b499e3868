#pragma once
// Devices in words for a terminal.

#include <boost/json/value.hpp>

#include "cli/call.h"

namespace holdfast::cli {

void print_devices(const Call& call, const boost::json::value& answer);
void print_device(const Call& call, const boost::json::value& device);
/// After a move or a release: where it goes now, and whether it is on its way.
void print_moved(const Call& call, const boost::json::value& device);
void print_explanation(const Call& call, const boost::json::value& explanation);

}  // namespace holdfast::cli
