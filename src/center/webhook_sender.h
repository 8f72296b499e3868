#pragma once
// Tells a URL that a command has ended: a POST of the command as JSON, signed, repeated with growing pauses until it is
// answered with a 2xx or has been tried often enough. What was not told yet is in the store, so a restart goes on with it.
//
// The signature is in the header `Holdfast-Signature: t=<seconds since 1970>,v1=<hex>`, where the hex is the HMAC-SHA256, under
// the secret, of `<t>.<body>`. A receiver that checks it and the age of `t` knows that nobody else wrote, or repeats, the call.
// The header `Holdfast-Delivery` has the command's id, by which repetitions are known.
//
// Threads: the control thread; one thread of its own does the calls.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/time.h"
#include "command/command.h"
#include "storage/command_store.h"

namespace holdfast::center {

struct WebhookOptions {
    /// The body of a call.
    std::function<std::string(const command::Command&)> body = {};
    /// Empty: calls are not signed.
    std::string secret = {};
    Duration timeout = std::chrono::seconds(10);
    std::uint32_t attempts = 12;
    Duration backoff_first = std::chrono::seconds(1);
    Duration backoff_longest = std::chrono::minutes(10);
    std::size_t at_a_time = 32;        ///< calls under way
    std::size_t max_waiting = 10'000;  ///< beyond it the store keeps them for later
};

/// The value of the signature's header.
[[nodiscard]] std::string webhook_signature(std::string_view secret, std::int64_t seconds, std::string_view body);

class WebhookSender {
public:
    /// `store` must outlive it.
    WebhookSender(const Clock& clock, storage::CommandStore& store, WebhookOptions options);
    ~WebhookSender();
    WebhookSender(const WebhookSender&) = delete;
    WebhookSender& operator=(const WebhookSender&) = delete;

    /// Takes up what was not told before the last end.
    void resume();
    /// The command has ended, durably, and has a webhook.
    void send(const command::Command& command);
    void stop();

private:
    class Caller;

    storage::CommandStore& store_;
    WebhookOptions options_;
    std::unique_ptr<Caller> caller_;
};

}  // namespace holdfast::center
