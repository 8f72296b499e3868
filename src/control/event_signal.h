#pragma once
// Tells followers that there are new events. It carries none: each follower reads them from the fleet's bounded log at its own
// pace, so a slow follower costs no memory and can see how many it missed.

#include <functional>
#include <list>
#include <utility>

namespace holdfast::control {

/// Threads: the control thread only.
class EventSignal {
public:
    using Wake = std::function<void()>;

    /// Ends its subscription when it is destroyed. The signal must outlive it.
    class Subscription {
    public:
        Subscription() = default;
        Subscription(Subscription&& other) noexcept : signal_(std::exchange(other.signal_, nullptr)), place_(other.place_) {}
        Subscription& operator=(Subscription&& other) noexcept {
            if (this != &other) {
                reset();
                signal_ = std::exchange(other.signal_, nullptr);
                place_ = other.place_;
            }
            return *this;
        }
        ~Subscription() { reset(); }

        void reset() noexcept {
            if (signal_ != nullptr) signal_->wakes_.erase(place_);
            signal_ = nullptr;
        }

    private:
        friend class EventSignal;
        Subscription(EventSignal* signal, std::list<Wake>::iterator place) : signal_(signal), place_(place) {}
        EventSignal* signal_ = nullptr;
        std::list<Wake>::iterator place_{};
    };

    /// `wake` must not subscribe, unsubscribe or change the fleet; let it post or cancel a timer.
    [[nodiscard]] Subscription subscribe(Wake wake) { return {this, wakes_.insert(wakes_.end(), std::move(wake))}; }

    void notify() const {
        for (const Wake& wake : wakes_)
            wake();
    }
    [[nodiscard]] std::size_t subscribers() const noexcept { return wakes_.size(); }

private:
    std::list<Wake> wakes_;
};

}  // namespace holdfast::control
