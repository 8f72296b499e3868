#pragma once
// The simulated network: byte streams between two sides. Each direction keeps its order; everything else is up to the dice -
// latency, how bytes are cut and joined on the way, and how connections on different wires overtake each other. Wires end in
// all the ways that TCP connections do: by both sides' will, by a reset, by one side's sudden absence, by the network's own
// fault.

#include <array>
#include <cstdint>
#include <map>
#include <memory>

#include "base/bytes.h"
#include "dice.h"
#include "scheduler.h"

namespace holdfast::sim {

class Wire;
class Network;

enum class Side : std::uint8_t { opener, acceptor };
[[nodiscard]] constexpr Side other(Side side) noexcept {
    return side == Side::opener ? Side::acceptor : Side::opener;
}

/// Whoever holds one side of a wire. After `close`, `reset` or `vanish` of its side it hears nothing more.
class WireUser {
public:
    virtual ~WireUser() = default;
    /// For the opener: it is connected, or will never be.
    virtual void wire_open(Wire&) {}
    virtual void wire_failed(Wire&, bool refused) { static_cast<void>(refused); }
    virtual void wire_bytes(Wire& wire, ByteView bytes) = 0;
    /// The other side has sent its last byte, or (broken) is gone.
    virtual void wire_ended(Wire& wire, bool broken) = 0;
};

/// A place that can be connected to.
class Listener {
public:
    enum class Mood : std::uint8_t { accepts, refuses, silent };
    virtual ~Listener() = default;
    [[nodiscard]] virtual Mood mood() const = 0;
    /// The user of the accepting side; owned by the listener.
    [[nodiscard]] virtual WireUser* take(const std::shared_ptr<Wire>& wire) = 0;
};

class Wire : public std::enable_shared_from_this<Wire> {
public:
    Wire(Network& network, WireUser& opener);

    void send(Side from, ByteView bytes);
    /// Ends the stream from this side; what was sent still arrives.
    void finish(Side from);
    /// `finish`, and hears nothing more. Bytes that still come from the other side reset the wire.
    void close(Side side);
    /// Ends it now; what is under way either way is lost, and the other side notices.
    void reset(Side side);
    /// Is gone without a word: the other side hears nothing ever.
    void vanish(Side side);
    /// Who vanished is back and knows nothing of the wire: what comes is answered with a reset.
    void come_back(Side side);
    /// The network loses it; both sides notice.
    void break_up();
    /// Does not read (true) or reads on.
    void pause(Side reader, bool paused);

    /// In the order of their making, the same in each run of a seed.
    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
    /// Everything that `from` ever sent, and how much of it was read by the other side.
    [[nodiscard]] const ByteBuffer& sent(Side from) const noexcept { return way(from).sent; }
    [[nodiscard]] ByteView delivered(Side from) const noexcept { return ByteView(way(from).sent).first(way(from).delivered); }
    [[nodiscard]] bool finished(Side from) const noexcept { return way(from).finished; }
    /// Gone without a word.
    [[nodiscard]] bool absent(Side side) const noexcept { return absent_[static_cast<std::size_t>(side)]; }
    /// Something was or may have been lost on it.
    [[nodiscard]] bool lossy() const noexcept { return lossy_; }

private:
    friend class Network;
    /// The stream from one side.
    struct Way {
        ByteBuffer sent;
        std::size_t delivered = 0;
        bool finished = false;
        bool end_delivered = false;
        bool paused = false;
        bool under_way = false;
    };
    [[nodiscard]] Way& way(Side from) noexcept { return ways_[static_cast<std::size_t>(from)]; }
    [[nodiscard]] const Way& way(Side from) const noexcept { return ways_[static_cast<std::size_t>(from)]; }
    [[nodiscard]] WireUser*& user(Side side) noexcept { return users_[static_cast<std::size_t>(side)]; }
    void accepted(WireUser* acceptor);
    void set_off(Side from);
    void arrive(Side from);
    void notice_break(Side side);

    Network& network_;
    std::uint64_t number_;
    std::array<Way, 2> ways_;
    std::array<WireUser*, 2> users_{};
    std::array<bool, 2> absent_{};
    bool open_ = false;
    bool dead_ = false;
    bool lossy_ = false;
    Duration latency_;
};

class Network {
public:
    Network(Scheduler& scheduler, Dice& dice) : scheduler_(scheduler), dice_(dice) {}

    void listen(std::uint16_t port, Listener& listener) { listeners_[port] = &listener; }
    void forget(std::uint16_t port) { listeners_.erase(port); }
    /// The opener hears `wire_open` or `wire_failed` later, or neither when the place is silent.
    [[nodiscard]] std::shared_ptr<Wire> connect(std::uint16_t port, WireUser& opener);

private:
    friend class Wire;
    Scheduler& scheduler_;
    Dice& dice_;
    std::uint64_t wires_ = 0;
    std::map<std::uint16_t, Listener*> listeners_;
};

}  // namespace holdfast::sim
