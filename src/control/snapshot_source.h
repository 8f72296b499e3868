#pragma once
// How the fleet's picture gets from the control thread to the data-plane threads: the control thread publishes an immutable
// snapshot, each reader keeps the last one it saw and looks at one atomic number to know whether there is a newer one.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "fleet/snapshot.h"

namespace holdfast::control {

/// Threads: `publish` on the control thread; everything else from any thread.
class SnapshotSource {
public:
    explicit SnapshotSource(std::shared_ptr<const fleet::Snapshot> first) : snapshot_(std::move(first)) {}

    void publish(std::shared_ptr<const fleet::Snapshot> snapshot) {
        {
            const std::lock_guard lock(mutex_);
            snapshot_.swap(snapshot);
        }
        generation_.fetch_add(1, std::memory_order_release);
    }

    [[nodiscard]] std::shared_ptr<const fleet::Snapshot> get() const {
        const std::lock_guard lock(mutex_);
        return snapshot_;
    }

    [[nodiscard]] std::uint64_t generation() const noexcept { return generation_.load(std::memory_order_acquire); }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const fleet::Snapshot> snapshot_;
    std::atomic<std::uint64_t> generation_{1};
};

/// One reader's view of a source. Threads: one thread only. The source must outlive it.
class SnapshotReader {
public:
    explicit SnapshotReader(const SnapshotSource& source) : source_(source) {}

    /// The newest snapshot; the reference is valid until the next call.
    [[nodiscard]] const fleet::Snapshot& current() {
        const std::uint64_t generation = source_.generation();
        if (generation != generation_) {
            snapshot_ = source_.get();
            generation_ = generation;
        }
        return *snapshot_;
    }

private:
    const SnapshotSource& source_;
    std::uint64_t generation_ = 0;
    std::shared_ptr<const fleet::Snapshot> snapshot_;
};

}  // namespace holdfast::control
