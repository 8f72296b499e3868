#pragma once
// Commands and jobs in words for a terminal.

#include <boost/json/value.hpp>
#include <string>

#include "cli/call.h"

namespace holdfast::cli {

[[nodiscard]] bool command_has_ended(const boost::json::value& command);

void print_commands(const Call& call, const boost::json::value& answer);
/// Everything about one command, its attempts last.
void print_command(const Call& call, const boost::json::value& command);
/// How a command that was waited for stands: a line, and the device's answer if there is one.
void print_outcome(const Call& call, const boost::json::value& command);
/// A line about a change.
void print_command_change(const Call& call, const boost::json::value& command);

void print_jobs(const Call& call, const boost::json::value& answer);
void print_job(const Call& call, const boost::json::value& job);
/// "312 of 1000 ended: 300 succeeded, 12 timed_out"
[[nodiscard]] std::string job_progress(const boost::json::value& job);

}  // namespace holdfast::cli
