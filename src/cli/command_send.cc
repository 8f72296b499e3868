#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <chrono>
#include <fstream>
#include <istream>
#include <iterator>
#include <memory>
#include <ostream>
#include <thread>

#include "admin/json_text.h"
#include "cli/command_text.h"
#include "cli/commands.h"
#include "cli/time_text.h"
#include "settings/values.h"

namespace holdfast::cli {

namespace json = boost::json;
using boost::beast::http::verb;

namespace {

using Steady = std::chrono::steady_clock;

/// How long one request waits at the API; a longer wait is several of them, so that no time-out on the way matters.
constexpr std::chrono::milliseconds longest_poll{8'000};
constexpr std::chrono::milliseconds job_poll{250};

struct SendArguments {
    std::vector<std::string> words;
    std::string data;
    std::string content_type;
    std::string wait;
    std::string at;
    std::string deadline;
    std::string offline;
    std::string order;
    std::optional<unsigned> attempts;
    std::string answer_timeout;
    std::string key;
    std::string webhook;
    std::string tag;
    std::string devices;
    std::optional<double> pace;
    std::optional<unsigned> abort_percent;
    std::optional<unsigned> abort_after;

    [[nodiscard]] bool many() const { return !tag.empty() || !devices.empty(); }
};

/// A sentence about what is wrong on the command line.
using Understood = std::expected<json::object, std::string>;

std::optional<std::string> read_all(const Call& call, const std::string& file) {
    std::ifstream opened;
    if (file != "-") {
        opened.open(file, std::ios::binary);
        if (!opened) return std::nullopt;
    }
    std::istream& in = file == "-" ? call.surroundings().in : opened;
    return std::string(std::istreambuf_iterator<char>(in), {});
}

std::optional<std::string> add_data(const Call& call, const SendArguments& arguments, json::object& body) {
    if (arguments.data.empty()) return std::nullopt;
    std::string text = arguments.data;
    if (text == "-" || text.starts_with('@')) {
        auto read = read_all(call, text == "-" ? text : text.substr(1));
        if (!read) return fmt::format("--data: cannot read {}", text.substr(1));
        text = std::move(*read);
    }
    if (!arguments.content_type.empty()) {
        body["payload_base64"] = admin::to_base64(text);
        body["content_type"] = arguments.content_type;
        return std::nullopt;
    }
    boost::system::error_code error;
    json::value value = json::parse(text, error);
    if (error) {
        return fmt::format("--data is not JSON ({}); for anything else say what it is: --content-type text/plain",
                           error.message());
    }
    body["data"] = std::move(value);
    return std::nullopt;
}

std::optional<std::string> add_times(const SendArguments& arguments, json::object& body) {
    if (!arguments.at.empty()) {
        const auto moment = parse_moment(arguments.at);
        if (!moment)
            return fmt::format("--at: '{}' is not a time; give it as 2026-12-01T08:00, local unless it has a zone",
                               arguments.at);
        body["deliver_at"] = format_rfc3339(*moment);
    }
    if (!arguments.deadline.empty()) {
        if (settings::parse_duration(arguments.deadline)) {
            body["deadline_in"] = arguments.deadline;
        } else if (const auto moment = parse_moment(arguments.deadline)) {
            body["deadline"] = format_rfc3339(*moment);
        } else {
            return fmt::format("--deadline: '{}' is neither a length (10s, 5m) nor a time (2026-12-01T08:00)",
                               arguments.deadline);
        }
    }
    if (!arguments.wait.empty() && arguments.wait != "true" && !settings::parse_duration(arguments.wait))
        return fmt::format("--wait: '{}' is not a length; give it as 5s or 2m", arguments.wait);
    return std::nullopt;
}

Understood understand(const Call& call, const SendArguments& arguments) {
    json::object body;
    body["name"] = arguments.words.back();
    if (auto wrong = add_data(call, arguments, body)) return std::unexpected(std::move(*wrong));
    if (auto wrong = add_times(arguments, body)) return std::unexpected(std::move(*wrong));
    for (const auto& [name, value] : {std::pair("offline", &arguments.offline), std::pair("order", &arguments.order),
                                      std::pair("answer_timeout", &arguments.answer_timeout),
                                      std::pair("idempotency_key", &arguments.key), std::pair("webhook", &arguments.webhook)}) {
        if (!value->empty()) body[name] = *value;
    }
    if (arguments.attempts) body["attempts"] = *arguments.attempts;
    return body;
}

/// The end of what the caller waits for; nothing: the command's own end.
std::optional<Steady::time_point> end_of_wait(const SendArguments& arguments) {
    const auto span = settings::parse_duration(arguments.wait);
    return span ? std::optional(Steady::now() + *span) : std::nullopt;
}

std::string poll_text(const std::optional<Steady::time_point>& end) {
    auto poll = longest_poll;
    if (end) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(*end - Steady::now());
        poll = std::clamp(left, std::chrono::milliseconds(0), longest_poll);
    }
    return fmt::format("{}ms", poll.count());
}

ExitCode wait_for_command(const Call& call, ApiClient& api, json::value command, const std::optional<Steady::time_point>& end) {
    while (!command_has_ended(command) && (!end || Steady::now() < *end)) {
        auto next = api.get(Target("/api/v1/commands/" + text_at(command, "id")).with("wait", poll_text(end)).text());
        if (!next) return call.fail(next.error());
        command = std::move(*next);
    }
    if (call.json) {
        call.print_json(command);
    } else {
        print_outcome(call, command);
    }
    if (!command_has_ended(command)) return ExitCode::still_open;
    return text_at(command, "state") == "succeeded" ? ExitCode::ok : ExitCode::not_succeeded;
}

ExitCode send_one(const Call& call, ApiClient& api, const SendArguments& arguments, const json::object& body) {
    const bool waits = !arguments.wait.empty();
    const auto end = end_of_wait(arguments);
    Target target("/api/v1/devices/" + percent_encode(arguments.words.front()) + "/commands");
    if (waits) target.with("wait", poll_text(end));
    const json::value value(body);
    auto command = api.send(verb::post, target.text(), &value);
    if (!command) return call.fail(command.error());
    if (waits) return wait_for_command(call, api, std::move(*command), end);
    if (call.json) {
        call.print_json(*command);
    } else {
        call.print(text_at(*command, "id") + "\n");
    }
    return ExitCode::ok;
}

std::optional<std::string> add_devices(const Call& call, const SendArguments& arguments, json::object& body) {
    if (!arguments.tag.empty()) {
        body["tag"] = arguments.tag;
        return std::nullopt;
    }
    const auto text = read_all(call, arguments.devices);
    if (!text) return fmt::format("--devices: cannot read {}", arguments.devices);
    json::array devices;
    std::string_view rest = *text;
    while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (!line.empty()) devices.emplace_back(json::string(line.data(), line.size()));
    }
    if (devices.empty()) return fmt::format("--devices: {} names no device; it has one a line", arguments.devices);
    body["devices"] = std::move(devices);
    return std::nullopt;
}

ExitCode wait_for_job(const Call& call, ApiClient& api, json::value job, const std::optional<Steady::time_point>& end) {
    std::string shown;
    while (member(job, "ended_at").is_null() && (!end || Steady::now() < *end)) {
        std::this_thread::sleep_for(job_poll);
        auto next = api.get("/api/v1/jobs/" + text_at(job, "id"));
        if (!next) return call.fail(next.error());
        job = std::move(*next);
        if (const std::string progress = job_progress(job); progress != shown && !call.json) {
            call.surroundings().err << progress << '\n';
            shown = progress;
        }
    }
    if (call.json) {
        call.print_json(job);
    } else {
        print_job(call, job);
    }
    if (member(job, "ended_at").is_null()) return ExitCode::still_open;
    return count_at(member(job, "ended"), "succeeded") == count_at(job, "devices") ? ExitCode::ok : ExitCode::not_succeeded;
}

ExitCode send_many(const Call& call, ApiClient& api, const SendArguments& arguments, json::object body) {
    if (auto wrong = add_devices(call, arguments, body)) return call.fail(ExitCode::usage, *wrong);
    if (arguments.pace) body["pace"] = *arguments.pace;
    if (arguments.abort_percent) body["abort_percent"] = *arguments.abort_percent;
    if (arguments.abort_after) body["abort_after"] = *arguments.abort_after;
    const auto end = end_of_wait(arguments);
    const json::value value(std::move(body));
    auto job = api.send(verb::post, "/api/v1/jobs", &value);
    if (!job) return call.fail(job.error());
    if (!arguments.wait.empty()) return wait_for_job(call, api, std::move(*job), end);
    if (call.json) {
        call.print_json(*job);
    } else {
        call.print(text_at(*job, "id") + "\n");
    }
    return ExitCode::ok;
}

ExitCode send(const Call& call, const SendArguments& arguments) {
    const std::size_t wanted = arguments.many() ? 1 : 2;
    if (arguments.words.size() != wanted) {
        return call.fail(ExitCode::usage, arguments.many()
                                              ? "with --tag or --devices there is no DEVICE, only the command's NAME"
                                              : "say which DEVICE and the command's NAME, or --tag, or --devices");
    }
    const auto body = understand(call, arguments);
    if (!body) return call.fail(ExitCode::usage, body.error());
    auto api = call.client();
    if (!api) return call.fail(api.error());
    return arguments.many() ? send_many(call, *api, arguments, *body) : send_one(call, *api, arguments, *body);
}

void add_many_options(CLI::App& command, SendArguments& arguments) {
    auto* const tag = command.add_option("--tag", arguments.tag, "To every device with this tag, as one job");
    auto* const devices = command
                              .add_option("--devices", arguments.devices,
                                          "To the devices in this file, one a line (-: standard input), as one job")
                              ->excludes(tag);
    (void)devices;
    command.add_option("--pace", arguments.pace, "Of a job: commands a second; 0: all at once");
    command
        .add_option("--abort-percent", arguments.abort_percent,
                    "Of a job: stop when more than so many percent of those ended did not succeed")
        ->check(CLI::Range(0, 100));
    command.add_option("--abort-after", arguments.abort_after, "Of a job: but not before so many have ended (10)");
}

}  // namespace

void add_command_send(CLI::App& group, CommandSet& set) {
    const auto arguments = std::make_shared<SendArguments>();
    Call& call = set.call;
    CLI::App* const command = group.add_subcommand("send", "Sends a command to a device, or with --tag or --devices to many");
    command->add_option("DEVICE_NAME", arguments->words, "The device's id, and what it shall do, e.g. meter-7 reboot")
        ->required()
        ->expected(1, 2)
        ->option_text("DEVICE NAME");
    command->add_option("--data", arguments->data, "JSON that goes with it; @FILE, or - for standard input");
    command->add_option("--content-type", arguments->content_type, "The data is not JSON but this, and goes as it is");
    command->add_flag("--wait", arguments->wait,
                      "Wait for its end and print it; --wait 5s: at most so long. Without: the id is printed at once");
    command->add_option("--at", arguments->at, "Not before: 2026-12-01T08:00, local time unless it has a zone");
    command->add_option("--deadline", arguments->deadline, "The last moment for everything: a length (30s, 10m) or a time");
    command
        ->add_option("--offline", arguments->offline,
                     "While the device is not connected: fail at once, wait, or queue (default: fail with --wait, else queue)")
        ->check(CLI::IsMember({"fail", "wait", "queue"}));
    command->add_option("--order", arguments->order, "After the device's earlier commands (device), or at once (none)")
        ->check(CLI::IsMember({"device", "none"}));
    command->add_option("--attempts", arguments->attempts, "How often it is tried, the first time included")
        ->check(CLI::Range(1, 100));
    command->add_option("--answer-timeout", arguments->answer_timeout, "How long one attempt waits for the device's answer");
    command->add_option("--key", arguments->key, "Idempotency key: the same key again is the same command, not another one");
    command->add_option("--webhook", arguments->webhook, "A URL that is told of its end");
    add_many_options(*command, *arguments);
    command->footer("Exit codes with --wait: 0 it succeeded; 6 it did not; 7 it has not ended yet");
    command->callback([&set, &call, arguments] { set.choose([&call, arguments] { return send(call, *arguments); }); });
}

}  // namespace holdfast::cli
