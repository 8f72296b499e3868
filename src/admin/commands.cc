#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "admin/command_answers.h"
#include "admin/command_fields.h"
#include "admin/command_views.h"
#include "admin/eventual.h"
#include "admin/handlers.h"
#include "admin/json_slices.h"
#include "admin/json_text.h"
#include "admin/page.h"
#include "control/batch_record.h"
#include "json_text/json_text.h"

namespace holdfast::admin {

namespace asio = boost::asio;

namespace {

constexpr std::size_t max_batch = 1000;
/// A command may end so long after its deadline: a channel may still say that it did not send it.
constexpr Duration end_grace = std::chrono::seconds(2);

using Submitted = Result<control::Submitted>;
using Ended = Result<command::Command>;

asio::awaitable<Submitted> submit(Api& api, command::Submission submission, control::Caller caller) {
    const Eventual<Submitted> submitted;
    control::CommandPort::SubmitDone done = [submitted](Submitted result) { submitted.bring(std::move(result)); };
    api.commands->submit(std::move(submission), caller, std::move(done));
    co_return co_await submitted.get(api.io);
}

/// Waits until the command has ended, the time is over, or the caller has gone.
asio::awaitable<Ended> await_end(Api& api, const Request& request, command::CommandId id, Time until) {
    const Eventual<Ended> ended;
    control::CommandPort::CommandDone done = [ended](Ended result) { ended.bring(std::move(result)); };
    const std::unique_ptr<control::Watching> watching = api.commands->wait(id, until, std::move(done));
    request.line->on_gone([ended] { ended.bring(fail(command::Errc::stopping, "nobody waits for this answer any more")); });
    Ended result = co_await ended.get(api.io);
    request.line->forget();
    co_return result;
}

/// When the waiting for a command ends: with the time that the caller gives, at the latest a moment after its deadline.
Time wait_until(const Api& api, const WaitFor& wait, WallTime deadline) {
    const Moment moment{api.clock.now(), api.clock.wall()};
    const Duration left = std::max<Duration>(deadline - moment.wall, Duration(0)) + end_grace;
    return moment.now + (wait.at_most ? std::min(*wait.at_most, left) : left);
}

Response command_response(const command::Command& command, unsigned status, bool repeated) {
    std::string text = command_text(command);
    if (repeated) {
        text.pop_back();
        text += ",\"repeated\":true}";
    }
    Response response = text_response(std::move(text), status);
    if (status == 202) response.headers.emplace_back("Location", "/api/v1/commands/" + command.id.text());
    return response;
}

}  // namespace

Answer submit_command(Api& api, const Request& request) {
    if (api.commands == nullptr) co_return no_centre(api);
    if (auto refusal = refuse_unknown_parameters(request, {"wait"})) co_return std::move(*refusal);
    WaitFor wait;
    if (auto refusal = read_wait(request, wait)) co_return std::move(*refusal);
    JsonFields fields(request);
    command::Submission submission = read_submission(fields, request.body);
    if (auto refusal = fields.refusal(400)) co_return std::move(*refusal);
    if (auto refusal = add_key_of_header(request, submission)) co_return std::move(*refusal);
    submission.device = request.path_values[0];
    submission.submitted_by = request.caller;
    submission.wait = wait.wanted;
    const Submitted submitted = co_await submit(api, std::move(submission), caller_of(request));
    if (!submitted) co_return refuse_command(submitted.error());
    const command::Command& taken = submitted->command;
    if (!wait.wanted) co_return command_response(taken, 202, submitted->repeated);
    if (is_terminal(taken.state)) co_return command_response(taken, 200, submitted->repeated);
    const Time until = wait_until(api, wait, taken.deadline);
    const Ended ended = co_await await_end(api, request, taken.id, until);
    if (!ended) co_return refuse_command(ended.error());
    co_return command_response(*ended, is_terminal(ended->state) ? 200 : 202, submitted->repeated);
}

namespace {

/// The answers to a batch, in its order, and how many of them are still to come.
struct Batch {
    std::vector<std::string> answers = {};
    std::size_t missing = 0;
    control::BatchRecord record = {};
    Eventual<bool> complete = {};

    void answer(std::size_t index, std::string text) {
        answers[index] = std::move(text);
        if (--missing == 0) complete.bring(true);
    }
};

std::string problem_item(const Problem& what) {
    std::string text = fmt::format("{{\"status\":{},\"problem\":", what.status);
    const Response response = problem(what);
    text.append(response.body, 0, response.body.size() - 1);
    text += '}';
    return text;
}

std::string submitted_item(const Submitted& submitted) {
    if (!submitted) return problem_item(command_problem(submitted.error()));
    return fmt::format(R"({{"status":202,"id":"{}","state":"{}"{}}})", submitted->command.id.text(),
                       to_string(submitted->command.state), submitted->repeated ? R"(,"repeated":true)" : "");
}

/// Reads one command of a batch, which names its device; the problem when it cannot be taken.
std::expected<command::Submission, Problem> read_item(std::string_view text) {
    JsonFields fields = JsonFields::parse(text);
    fields.require("device");
    std::string device = fields.text("device", fleet::max_device_id_length).value_or("");
    command::Submission submission = read_submission(fields, text);
    submission.device = std::move(device);
    if (auto refused = fields.problem(400)) return std::unexpected(std::move(*refused));
    return submission;
}

}  // namespace

Answer submit_commands(Api& api, const Request& request) {
    if (api.commands == nullptr) co_return no_centre(api);
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    if (!json_text::is_json(request.body)) {
        co_return bad_request(is_plain_utf8(request.body) ? "this is not well-formed JSON"
                                                          : "this is not UTF-8 text, which JSON is");
    }
    const std::vector<std::string_view> items = element_texts(request.body, max_batch);
    if (items.empty() || items.size() > max_batch)
        co_return bad_request(fmt::format("the body must be an array of 1 to {} commands, each with its 'device'", max_batch));
    const auto batch = std::make_shared<Batch>();
    batch->answers.resize(items.size());
    batch->missing = items.size();
    const control::Caller caller = caller_of(request);
    control::Caller member = caller;
    member.in_batch = true;
    for (std::size_t i = 0; i < items.size(); ++i) {
        auto submission = read_item(items[i]);
        if (!submission) {
            batch->answer(i, problem_item(submission.error()));
            continue;
        }
        submission->submitted_by = request.caller;
        api.commands->submit(std::move(*submission), member, [batch, i](const Submitted& submitted) {
            batch->record.add(submitted);
            batch->answer(i, submitted_item(submitted));
        });
    }
    co_await batch->complete.get(api.io);
    if (batch->record.taken() > 0) api.commands->audit(caller, "command.submit", batch->record.first(), batch->record.text());
    std::string text = "{\"items\":[";
    for (std::size_t i = 0; i < batch->answers.size(); ++i) {
        if (i > 0) text += ',';
        text += batch->answers[i];
    }
    text += "]}";
    co_return text_response(std::move(text), 207);
}

namespace {

Response list_of(Api& api, const storage::CommandQuery& query) {
    const auto commands = api.commands->list(query);
    if (!commands) return refuse_command(commands.error());
    std::string text;
    JsonText json(text);
    json.open_object();
    json.key("items").open_array();
    for (const command::Command& command : *commands)
        write_command(json, command);
    json.close_array();
    json.key("next").text_or_null(commands->size() == query.limit ? commands->back().id.text() : std::string());
    json.close_object();
    return text_response(std::move(text));
}

}  // namespace

Answer list_commands(Api& api, const Request& request) {
    if (api.commands == nullptr) co_return no_centre(api);
    if (auto refusal =
            refuse_unknown_parameters(request, {"device", "job", "state", "from", "until", "before", "cursor", "limit"})) {
        co_return std::move(*refusal);
    }
    storage::CommandQuery query;
    if (auto refusal = read_command_query(api, request, query)) co_return std::move(*refusal);
    co_return list_of(api, query);
}

Answer list_device_commands(Api& api, const Request& request) {
    if (api.commands == nullptr) co_return no_centre(api);
    if (auto refusal = refuse_unknown_parameters(request, {"job", "state", "from", "until", "before", "cursor", "limit"})) {
        co_return std::move(*refusal);
    }
    storage::CommandQuery query;
    if (auto refusal = read_command_query(api, request, query)) co_return std::move(*refusal);
    query.device = request.path_values[0];
    co_return list_of(api, query);
}

Answer show_command(Api& api, const Request& request) {
    if (api.commands == nullptr) co_return no_centre(api);
    if (auto refusal = refuse_unknown_parameters(request, {"wait"})) co_return std::move(*refusal);
    WaitFor wait;
    if (auto refusal = read_wait(request, wait)) co_return std::move(*refusal);
    const auto id = command::CommandId::parse(request.path_values[0]);
    if (!id) co_return no_such_command(request.path_values[0]);
    Ended command = api.commands->get(*id);
    if (command && wait.wanted && !is_terminal(command->state)) {
        const Time until = wait_until(api, wait, command->deadline);
        command = co_await await_end(api, request, *id, until);
    }
    if (!command) co_return refuse_command(command.error());
    co_return command_response(*command, 200, false);
}

Answer cancel_command(Api& api, const Request& request) {
    if (api.commands == nullptr) co_return no_centre(api);
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    const auto id = command::CommandId::parse(request.path_values[0]);
    if (!id) co_return no_such_command(request.path_values[0]);
    const Eventual<Ended> cancelled;
    control::CommandPort::CommandDone done = [cancelled](Ended result) { cancelled.bring(std::move(result)); };
    api.commands->cancel(*id, caller_of(request), std::move(done));
    const Ended command = co_await cancelled.get(api.io);
    if (!command) co_return refuse_command(command.error());
    co_return command_response(*command, 200, false);
}

Answer show_command_summary(Api& api, const Request& request) {
    if (api.commands == nullptr) co_return no_centre(api);
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    const auto summary = api.commands->summary();
    if (!summary) co_return refuse_command(summary.error());
    std::string text;
    JsonText json(text);
    json.open_object();
    json.key("commands");
    write_summary(json, *summary);
    json.key("centre");
    write_centre(json, api.commands->status());
    json.close_object();
    co_return text_response(std::move(text));
}

}  // namespace holdfast::admin
