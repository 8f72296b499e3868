#include "center_stage.h"

#include <gtest/gtest.h>

#include <utility>

namespace holdfast::center::testing {

void TestDirectory::put(const std::string& device, command::DevicePlace place) {
    devices_[device] = std::move(place);
    watchers_.tell(device);
}

void TestDirectory::connect(const std::string& device, std::uint64_t session) {
    put(device, {.known = true, .cluster = "east", .node = "east-1", .session = session, .mqtt_version = 5});
}

void TestDirectory::disconnect(const std::string& device) {
    put(device, {.known = true, .cluster = "east"});
}

command::DevicePlace TestDirectory::find(std::string_view device) {
    const auto place = devices_.find(device);
    return place == devices_.end() ? command::DevicePlace{} : place->second;
}

std::vector<std::string> TestDirectory::tagged(std::string_view tag, std::string_view after, std::size_t limit) {
    std::vector<std::string> found;
    for (const auto& [device, place] : devices_) {
        if (device.starts_with(tag) && device > after && found.size() < limit) found.push_back(device);
    }
    return found;
}

std::unique_ptr<control::Watching> TestDirectory::watch_devices(std::function<void(std::string_view)> changed) {
    return watchers_.add(std::move(changed));
}

std::unique_ptr<control::Watching> TestDirectory::watch_nodes(std::function<void()>) {
    return nullptr;
}

TestChannel::TestChannel(queue::Queue& queue, storage::CommandStore& store) : queue_(queue), store_(store) {
    consumer_ = queue.subscribe(request_topic("east"), "channel", {}, [this](const queue::Delivery& delivery) {
        const auto request =
            command::decode_request({reinterpret_cast<const Byte*>(delivery.payload.data()), delivery.payload.size()});
        ASSERT_TRUE(request);
        const auto record = store_.get(request->id);
        ASSERT_TRUE(record && *record) << "a request has left the centre before its command was durable";
        requests.push_back(*request);
        act(*this, *request);
        consumer_->ack(delivery.id);
    });
}

void TestChannel::report(const command::Request& request, decltype(command::Report::what) what) {
    command::Report report;
    report.id = request.id;
    report.attempt = request.attempt;
    report.device = request.device;
    report.at = request.deadline;
    report.what = std::move(what);
    queue_.publish({{response_topic(request.centre), request.device, command::encode(report)}});
}

void TestChannel::sent(const command::Request& request) {
    report(request, command::Sent{.node = "east-1"});
}

void TestChannel::reply(const command::Request& request, command::Replied::Verdict verdict) {
    report(request, command::Replied{.verdict = verdict, .result = R"({"ok":true})", .content_type = "application/json"});
}

CenterStage::CenterStage() : store(open_store()), queue(io, clock, {}) {
    channel.emplace(queue, *store);
    devices.connect("meter-7");
}

std::unique_ptr<storage::CommandStore> CenterStage::open_store() {
    auto opened = storage::SqliteCommandStore::open(
        {.path = directory.path() / "commands.db", .busy_timeout = std::chrono::milliseconds(100)}, clock);
    HF_ASSERT(opened.has_value(), "the test's store cannot be opened");
    return std::move(*opened);
}

CenterOptions CenterStage::options(const std::string& name) {
    CenterOptions options;
    options.dispatcher.centre = name;
    options.lease = std::chrono::seconds(5);
    return options;
}

CommandCenter& CenterStage::start(CenterOptions options) {
    auto& center = centers.emplace_back(std::make_unique<CommandCenter>(io, clock, *store, queue, devices, std::move(options)));
    const auto started = center->start();
    EXPECT_TRUE(started) << started.error().message();
    return *center;
}

void CenterStage::drop(CommandCenter& center) {
    std::erase_if(centers, [&](const auto& one) { return one.get() == &center; });
}

Result<control::Submitted> CenterStage::submit(CommandCenter& center, command::Submission submission) {
    std::optional<Result<control::Submitted>> answer;
    center.submit(std::move(submission), tester, [&](Result<control::Submitted> result) { answer = std::move(result); });
    EXPECT_TRUE(until([&] { return answer.has_value(); }));
    return std::move(*answer);
}

Result<command::Command> CenterStage::wait(CommandCenter& center, command::CommandId id) {
    std::optional<Result<command::Command>> end;
    const auto ticket = center.wait(id, clock.now() + std::chrono::seconds(20),
                                    [&](Result<command::Command> command) { end = std::move(command); });
    EXPECT_TRUE(until([&] { return end.has_value(); }));
    return std::move(*end);
}

Result<command::Command> CenterStage::finish(CommandCenter& center, command::Submission submission) {
    auto submitted = submit(center, std::move(submission));
    if (!submitted) return std::unexpected(std::move(submitted).error());
    return wait(center, submitted->command.id);
}

command::Submission CenterStage::reboot(const std::string& device) {
    command::Submission submission;
    submission.device = device;
    submission.name = "reboot";
    submission.payload = R"({"now":true})";
    submission.content_type = "application/json";
    return submission;
}

FileLock::FileLock(const std::string& path) {
    HF_ASSERT(::sqlite3_open(path.c_str(), &database_) == SQLITE_OK, "the store's file is there");
    HF_ASSERT(::sqlite3_exec(database_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK, "nobody else holds it");
}

FileLock::~FileLock() {
    ::sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
    ::sqlite3_close(database_);
}

}  // namespace holdfast::center::testing
