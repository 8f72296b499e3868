#pragma once
// A small MQTT broker as a node: reads every packet strictly, takes sessions over, acknowledges, and sends each message back
// one to three times. It can crash, lose its power, freeze and return. Messages are numbered by whoever sends them, per
// connection, and must come in order without a repetition.

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mqtt/framer.h"
#include "mqtt/packets.h"
#include "world.h"

namespace holdfast::sim {

class Broker final : public Listener {
public:
    enum class State : std::uint8_t { running, crashed, without_power, frozen };

    Broker(World& world, std::string name, std::uint16_t port);
    ~Broker() override;
    Broker(const Broker&) = delete;
    Broker& operator=(const Broker&) = delete;

    /// Connections are reset, new ones refused.
    void crash();
    /// Nobody hears anything any more.
    void lose_power();
    /// Accepts, and answers nothing.
    void freeze();
    void recover();
    /// Answers new CONNECTs with "busy".
    void set_busy(bool busy);

    [[nodiscard]] State state() const noexcept { return state_; }
    /// Since when it has been answering without an interruption; nothing while it does not.
    [[nodiscard]] std::optional<Time> well_since() const noexcept { return well_since_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// Connected clients of that id.
    [[nodiscard]] std::size_t count(std::string_view id) const;
    [[nodiscard]] std::size_t clients() const noexcept { return clients_.size(); }
    [[nodiscard]] const std::set<std::string>& assigned_ids() const noexcept { return assigned_; }
    [[nodiscard]] std::uint64_t messages() const noexcept { return messages_; }

    [[nodiscard]] Mood mood() const override;
    [[nodiscard]] WireUser* take(const std::shared_ptr<Wire>& wire) override;

private:
    class Client;
    void remove(Client& client);
    void take_over(std::string_view id, const Client& by);
    void not_well();

    World& world_;
    std::string name_;
    std::uint16_t port_;
    State state_ = State::running;
    bool busy_ = false;
    std::optional<Time> well_since_;
    /// By the numbers of their wires.
    std::map<std::uint64_t, std::shared_ptr<Client>> clients_;
    /// Wires of the time before it lost its power.
    std::vector<std::weak_ptr<Wire>> forgotten_;
    std::set<std::string> assigned_;
    std::uint64_t messages_ = 0;
};

}  // namespace holdfast::sim
