#include "storage/pending_changes.h"

#include <utility>
#include <variant>

namespace holdfast::storage {
namespace {

struct KeyOf {
    std::string_view operator()(const fleet::ClusterRecord& record) const { return record.name; }
    std::string_view operator()(const fleet::ClusterErased& erased) const { return erased.name; }
    std::string_view operator()(const fleet::NodeRecord& record) const { return record.name; }
    std::string_view operator()(const fleet::NodeErased& erased) const { return erased.name; }
    std::string_view operator()(const fleet::DeviceRecord& record) const { return record.id; }
    std::string_view operator()(const fleet::DeviceErased& erased) const { return erased.id; }
};

template <class... Types>
bool holds_any(const fleet::Change& change) {
    return (std::holds_alternative<Types>(change) || ...);
}

}  // namespace

void PendingChanges::add(std::uint64_t number, fleet::Change change) {
    if (holds_any<fleet::ClusterRecord, fleet::ClusterErased>(change)) {
        add_to(clusters_, number, std::move(change));
    } else if (holds_any<fleet::NodeRecord, fleet::NodeErased>(change)) {
        add_to(nodes_, number, std::move(change));
    } else {
        add_to(devices_, number, std::move(change));
    }
}

void PendingChanges::add_to(Queue& queue, std::uint64_t number, fleet::Change change) {
    const auto known = queue.keys.find(std::visit(KeyOf{}, change));
    if (known == queue.keys.end()) {
        queue.entries.push_back({number, std::move(change)});
        queue.keys.emplace(std::visit(KeyOf{}, queue.entries.back().change), std::prev(queue.entries.end()));
        return;
    }
    // The key's text moves with the change, so the old key must go before its text does.
    const auto entry = known->second;
    queue.keys.erase(known);
    entry->change = std::move(change);
    queue.keys.emplace(std::visit(KeyOf{}, entry->change), entry);
}

void PendingChanges::take_front(Queue& queue, Batch& batch) {
    Entry& entry = queue.entries.front();
    queue.keys.erase(std::visit(KeyOf{}, entry.change));
    batch.changes.push_back(std::move(entry.change));
    queue.entries.pop_front();
}

PendingChanges::Batch PendingChanges::take(std::size_t max_devices, std::uint64_t last_number) {
    Batch batch;
    while (!clusters_.entries.empty())
        take_front(clusters_, batch);
    while (!nodes_.entries.empty())
        take_front(nodes_, batch);
    std::size_t taken = 0;
    std::uint64_t number = 0;
    while (!devices_.entries.empty()) {
        const std::uint64_t next = devices_.entries.front().number;
        if (taken >= max_devices && (next != number || taken >= 5 * max_devices)) break;
        number = next;
        take_front(devices_, batch);
        ++taken;
    }
    batch.complete_up_to = devices_.entries.empty() ? last_number : devices_.entries.front().number - 1;
    return batch;
}

void PendingChanges::clear() noexcept {
    for (Queue* queue : {&clusters_, &nodes_, &devices_}) {
        queue->keys.clear();
        queue->entries.clear();
    }
}

}  // namespace holdfast::storage
