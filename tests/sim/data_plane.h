#pragma once
// A data-plane thread of a gateway: its links, its own copy of the snapshot (older than the truth), its outbox of facts (later
// than the truth), its mailbox of orders. Reports as gateway/worker.cc does.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fleet/facts.h"
#include "fleet/relocation.h"
#include "fleet/snapshot.h"
#include "link.h"
#include "proxy/connection.h"
#include "world.h"

namespace holdfast::sim {

/// Who watches what data planes do.
class Witness {
public:
    virtual ~Witness() = default;
    virtual void opened(const fleet::Opened& fact) = 0;
    virtual void refused(const Link& link, const proxy::Connection::Story& story) = 0;
    /// Something happened on a link that relays.
    virtual void relayed(const Link& link) = 0;
    /// The link is over; its wires may still bring what is under way.
    virtual void over(const Link& link) = 0;
    /// The link's process was killed.
    virtual void killed(const Link& link) = 0;
};

class DataPlane final : public Listener {
public:
    DataPlane(World& world, std::uint16_t index, const proxy::Limits& limits, Witness& witness)
        : world_(world), index_(index), limits_(limits), witness_(witness) {}

    void take_snapshot(fleet::SnapshotPtr snapshot);
    void end(const std::vector<fleet::EndOrder>& orders);
    void end_all(proxy::EndReason reason);
    /// The process is killed: all wires are reset, nothing is told.
    void die();
    [[nodiscard]] std::vector<fleet::Fact> collect() { return std::exchange(facts_, {}); }
    [[nodiscard]] bool has_facts() const noexcept { return !facts_.empty(); }

    [[nodiscard]] Mood mood() const override { return Mood::accepts; }
    [[nodiscard]] WireUser* take(const std::shared_ptr<Wire>& wire) override;

    // For its links.
    [[nodiscard]] const proxy::Limits& limits() const noexcept { return limits_; }
    [[nodiscard]] const fleet::Snapshot& snapshot() const noexcept { return *snapshot_; }
    [[nodiscard]] Link* find(fleet::ConnectionId id);
    void report_opened(Link& link);
    void report_refused(Link& link);
    void report_trouble(fleet::NodeIndex node);
    void note_relayed(const Link& link) { witness_.relayed(link); }
    /// Destroys it when the present event is dealt with.
    void bury(Link& link);

    [[nodiscard]] const std::map<fleet::ConnectionId, std::unique_ptr<Link>>& links() const noexcept { return links_; }

private:
    [[nodiscard]] Moment moment() const { return {world_.now(), world_.wall()}; }

    World& world_;
    std::uint16_t index_;
    proxy::Limits limits_;
    Witness& witness_;
    fleet::SnapshotPtr snapshot_;
    std::uint64_t sequence_ = 0;
    std::map<fleet::ConnectionId, std::unique_ptr<Link>> links_;
    std::map<fleet::ConnectionId, std::unique_ptr<Link>> buried_;
    std::vector<fleet::Fact> facts_;
};

}  // namespace holdfast::sim
