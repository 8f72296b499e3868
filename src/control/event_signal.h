#pragma once
// Tells followers that there are new events. It carries none: each follower reads them from the fleet's bounded log at its own
// pace, so a slow follower costs no memory and can see how many it missed.

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <utility>

namespace holdfast::control {

/// Threads: the control thread only.
class EventSignal {
public:
    using Wake = std::function<void()>;

    /// Ends its subscription when it is destroyed. May outlive the signal.
    class Subscription {
    public:
        Subscription() = default;
        Subscription(Subscription&& other) noexcept : wakes_(std::exchange(other.wakes_, {})), place_(other.place_) {}
        Subscription& operator=(Subscription&& other) noexcept {
            if (this != &other) {
                reset();
                wakes_ = std::exchange(other.wakes_, {});
                place_ = other.place_;
            }
            return *this;
        }
        ~Subscription() { reset(); }

        void reset() noexcept {
            if (const auto wakes = std::exchange(wakes_, {}).lock()) wakes->erase(place_);
        }

    private:
        friend class EventSignal;
        using Wakes = std::list<Wake>;
        Subscription(const std::shared_ptr<Wakes>& wakes, Wakes::iterator place) : wakes_(wakes), place_(place) {}
        std::weak_ptr<Wakes> wakes_;
        Wakes::iterator place_{};
    };

    /// `wake` must not subscribe, unsubscribe or change the fleet; let it post or cancel a timer.
    [[nodiscard]] Subscription subscribe(Wake wake) { return {wakes_, wakes_->insert(wakes_->end(), std::move(wake))}; }

    void notify() const {
        for (const Wake& wake : *wakes_)
            wake();
    }
    [[nodiscard]] std::size_t subscribers() const noexcept { return wakes_->size(); }

private:
    std::shared_ptr<std::list<Wake>> wakes_ = std::make_shared<std::list<Wake>>();
};

}  // namespace holdfast::control
