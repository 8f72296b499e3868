#pragma once
// A value that somebody else brings, and the coroutine that waits for it; either may come first.

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace holdfast::admin {

/// Copies are the same eventual. Threads: the control thread only.
template <class T>
class Eventual {
public:
    /// The first value counts; later ones are dropped.
    void bring(T value) const {
        if (state_->value) return;
        state_->value = std::move(value);
        if (state_->resume) std::exchange(state_->resume, nullptr)();
    }

    /// Waits for the value and takes it; once only.
    [[nodiscard]] boost::asio::awaitable<T> get(boost::asio::io_context& io) const {
        const std::shared_ptr<State> state = state_;
        if (!state->value) {
            co_await boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void()>(
                [&io, &state](auto handler) {
                    const auto shared = std::make_shared<decltype(handler)>(std::move(handler));
                    state->resume = [&io, shared] { boost::asio::post(io, std::move(*shared)); };
                },
                boost::asio::use_awaitable);
        }
        co_return std::move(*state->value);
    }

private:
    struct State {
        std::optional<T> value = {};
        std::function<void()> resume = {};
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace holdfast::admin
