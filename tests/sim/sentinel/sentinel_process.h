#pragma once
// A process with a sentinel of Holdfast's make: carries out its actions on the simulated network, answers its peers, and keeps
// its state on a disk that takes its time and of which a crash leaves what was durable.

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "city.h"
#include "sentinel/sentinel.h"

namespace holdfast::sim {

class SentinelProcess : public Process {
public:
    SentinelProcess(City& city, std::string name, Address address, sentinel::SavedState saved);

    void connected(ConnectionId connection) override;
    void closed(ConnectionId connection, LinkEnd end) override;
    void reply(ConnectionId connection, const resp::Reply& reply) override;
    void request(ConnectionId connection, const Words& words) override;
    void client_gone(ConnectionId connection) override { held_replies_.erase(connection); }
    void resumed() override;

    void crash();
    void restart();
    /// Does it with the machine, and what comes of it.
    void with(const std::function<void(sentinel::Sentinel&)>& what);

    [[nodiscard]] sentinel::Sentinel* machine() { return machine_.get(); }
    [[nodiscard]] const sentinel::State& state() const { return machine_->state(); }
    [[nodiscard]] const std::string& id() const noexcept { return disk_.my_id; }
    [[nodiscard]] std::size_t switches() const noexcept { return switches_; }
    [[nodiscard]] std::size_t ticks() const noexcept { return ticks_; }

    std::function<void(const sentinel::Event&)> heard = {};
    std::function<void(const Address& to, const Words& words)> says = {};
    std::function<void(const std::string& leader, std::uint64_t epoch)> answers = {};  ///< a vote
    Duration least_disk = std::chrono::milliseconds(1);
    Duration most_disk = std::chrono::milliseconds(8);

private:
    void start();
    void act();
    void carry_out(const sentinel::Action& action);
    void send(const sentinel::Send& order);
    void note(const sentinel::Event& event);
    void note_sent(const Words& words);
    void became_durable(sentinel::SaveNumber number, const sentinel::SavedState& state, std::uint64_t life);
    void arm();
    [[nodiscard]] resp::Reply answer_to(const Words& words, sentinel::SaveNumber& after_save);

    /// Of the master that IS-MASTER-DOWN-BY-ADDR names.
    [[nodiscard]] std::string group_of(const Words& words) const;

    struct HeldReply {
        resp::Reply reply;
        sentinel::SaveNumber after_save = 0;
        std::function<void()> leaves = {};
    };
    void release();

    City& city_;
    sentinel::SavedState disk_;
    std::unique_ptr<sentinel::Sentinel> machine_;
    std::uint64_t life_ = 0;
    std::map<sentinel::LinkId, ConnectionId> connections_;
    std::map<ConnectionId, sentinel::LinkId> links_;
    std::map<ConnectionId, std::deque<HeldReply>> held_replies_;
    sentinel::SaveNumber saved_ = 0;
    Time armed_{Time::max()};
    bool acting_ = false;
    std::size_t switches_ = 0;
    std::size_t ticks_ = 0;
    std::uint64_t newest_epoch_ = 0;
    std::map<std::string, std::uint64_t> newest_configs_;
};

/// What would be written to the file.
[[nodiscard]] sentinel::SavedState saved_form(const sentinel::State& state);

}  // namespace holdfast::sim
