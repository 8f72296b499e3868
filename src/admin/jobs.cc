#include <fmt/format.h>

#include <utility>

#include "admin/command_answers.h"
#include "admin/command_fields.h"
#include "admin/command_views.h"
#include "admin/eventual.h"
#include "admin/handlers.h"
#include "admin/page.h"

namespace holdfast::admin {
namespace {

constexpr double max_pace = 1'000'000;
constexpr std::size_t max_job_id_length = 64;

using JobDone = Result<command::Job>;

Response job_response(const command::Job& job, unsigned status) {
    std::string text;
    JsonText json(text);
    write_job(json, job);
    return text_response(std::move(text), status);
}

control::JobRequest read_job(JsonFields& fields, std::string_view text) {
    control::JobRequest job;
    job.command = read_submission(fields, text);
    job.tag = fields.text("tag", fleet::max_tag_length).value_or("");
    job.devices =
        fields.texts("devices", command::max_job_devices, fleet::max_device_id_length).value_or(std::vector<std::string>());
    job.pace = fields.number("pace", 0, max_pace).value_or(0);
    job.abort_percent = static_cast<std::uint8_t>(fields.whole("abort_percent", 0, 100).value_or(0));
    job.abort_after = static_cast<std::uint32_t>(fields.whole("abort_after", 0, command::max_job_devices).value_or(10));
    if (job.tag.empty() == job.devices.empty())
        fields.complain("devices", "say which devices: either a 'tag' or a list of 'devices'");
    return job;
}

}  // namespace

Answer create_job(Api& api, const Request& request) {
    if (api.commands == nullptr) co_return no_centre(api);
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    JsonFields fields(request);
    control::JobRequest job = read_job(fields, request.body);
    if (auto refusal = fields.refusal(400)) co_return std::move(*refusal);
    if (auto refusal = add_key_of_header(request, job.command)) co_return std::move(*refusal);
    job.command.submitted_by = request.caller;
    const Eventual<JobDone> created;
    std::function<void(JobDone)> done = [created](JobDone result) { created.bring(std::move(result)); };
    api.commands->create_job(std::move(job), caller_of(request), std::move(done));
    const JobDone result = co_await created.get(api.io);
    if (!result) co_return refuse_command(result.error());
    Response response = job_response(*result, 202);
    response.headers.emplace_back("Location", "/api/v1/jobs/" + result->id);
    co_return response;
}

Answer list_jobs(Api& api, const Request& request) {
    PageRequest page;
    if (api.commands == nullptr) co_return no_centre(api);
    if (auto refusal = refuse_unknown_parameters(request, {"limit"})) co_return std::move(*refusal);
    if (auto refusal = read_page(api, request, page)) co_return std::move(*refusal);
    const auto jobs = api.commands->list_jobs(page.limit);
    if (!jobs) co_return refuse_command(jobs.error());
    std::string text;
    JsonText json(text);
    json.open_object();
    json.key("items").open_array();
    for (const command::Job& job : *jobs)
        write_job(json, job);
    json.close_array();
    json.key("next").null();
    json.close_object();
    co_return text_response(std::move(text));
}

Answer show_job(Api& api, const Request& request) {
    if (api.commands == nullptr) co_return no_centre(api);
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    const JobDone job = api.commands->get_job(std::string_view(request.path_values[0]).substr(0, max_job_id_length));
    if (!job) co_return refuse_command(job.error());
    co_return job_response(*job, 200);
}

Answer cancel_job(Api& api, const Request& request) {
    if (api.commands == nullptr) co_return no_centre(api);
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    const Eventual<JobDone> cancelled;
    std::function<void(JobDone)> done = [cancelled](JobDone result) { cancelled.bring(std::move(result)); };
    api.commands->cancel_job(request.path_values[0], caller_of(request), std::move(done));
    const JobDone job = co_await cancelled.get(api.io);
    if (!job) co_return refuse_command(job.error());
    co_return job_response(*job, 200);
}

}  // namespace holdfast::admin
