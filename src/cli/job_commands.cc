#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <memory>

#include "cli/command_text.h"
#include "cli/commands.h"

namespace holdfast::cli {

namespace json = boost::json;

void add_job_commands(CLI::App& app, CommandSet& set) {
    CLI::App* const job = app.add_subcommand("job", "Jobs: one command for many devices (start one: command send --tag)");
    job->require_subcommand(1);
    job->preparse_callback([&set](std::size_t) { set.call.place.centre = true; });
    const auto id = std::make_shared<std::string>();
    const auto limit = std::make_shared<std::size_t>(100);
    Call& call = set.call;

    CLI::App* const ls = job->add_subcommand("ls", "Lists jobs, the newest first");
    ls->add_option("--limit", *limit, "At most so many")->capture_default_str();
    ls->callback([&set, &call, limit] {
        set.choose([&call, limit] {
            return call.get(Target("/api/v1/jobs").with("limit", std::to_string(*limit)).text(),
                            [&call](const json::value& answer) { print_jobs(call, answer); });
        });
    });

    CLI::App* const show = job->add_subcommand("show", "Shows one job and its tally (its commands: command ls --job)");
    show->add_option("ID", *id, "The job's id")->required();
    show->callback([&set, &call, id] {
        set.choose([&call, id] {
            return call.get("/api/v1/jobs/" + percent_encode(*id),
                            [&call](const json::value& answer) { print_job(call, answer); });
        });
    });

    CLI::App* const cancel =
        job->add_subcommand("cancel", "Stops a job; what is under way is taken back where that is possible");
    cancel->add_option("ID", *id, "The job's id")->required();
    cancel->callback([&set, &call, id] {
        set.choose([&call, id] {
            return call.remove("/api/v1/jobs/" + percent_encode(*id),
                               [&call](const json::value& answer) { print_job(call, answer); });
        });
    });
}

}  // namespace holdfast::cli
