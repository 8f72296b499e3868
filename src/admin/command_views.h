#pragma once
// Commands and jobs as the API shows them. Field names and meanings stand in docs/openapi.json.

#include <string>

#include "admin/http_message.h"
#include "admin/json_text.h"
#include "command/command.h"
#include "command/job.h"
#include "control/command_port.h"

namespace holdfast::admin {

void write_command(JsonText& json, const command::Command& command);
void write_job(JsonText& json, const command::Job& job);
void write_summary(JsonText& json, const storage::CommandSummary& summary);
void write_centre(JsonText& json, const control::CentreStatus& status);

/// The command alone, without a line's end.
[[nodiscard]] std::string command_text(const command::Command& command);

}  // namespace holdfast::admin
