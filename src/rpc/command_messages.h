#pragma once
// Commands and jobs between their own form and gRPC's.

#include <cstddef>

#include "base/result.h"
#include "command/command.h"
#include "command/job.h"
#include "command/submission.h"
#include "control/command_port.h"
#include "holdfast/v1/commands.pb.h"
#include "storage/command_store.h"

namespace holdfast::rpc {

void write_command(const command::Command& command, v1::Command& message);
void write_job(const command::Job& job, v1::Job& message);

/// Only what cannot be expressed is refused here (bad_field); the command centre checks the rest.
[[nodiscard]] Result<command::Submission> read_submission(const v1::Submission& message);
[[nodiscard]] Result<control::JobRequest> read_job(const v1::CreateJobRequest& message);
[[nodiscard]] Result<storage::CommandQuery> read_query(const v1::ListRequest& message);
[[nodiscard]] Result<Duration> read_duration(const google::protobuf::Duration& message, std::string_view field);

}  // namespace holdfast::rpc
