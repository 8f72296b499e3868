#include "center/webhook_sender.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <random>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/log.h"

namespace holdfast::center {

namespace {

constexpr std::size_t resume_page = 1000;
constexpr int longest_poll_ms = 1000;

struct Call {
    command::CommandId id;
    std::string url;
    std::string body;
    std::uint32_t attempts = 0;
    Time due{};
};

std::size_t ignore_answer(char*, std::size_t size, std::size_t count, void*) {
    return size * count;
}

/// Scheme and host: what may be in a log.
std::string place_of(const std::string& url) {
    const auto scheme = url.find("://");
    const auto path = url.find_first_of("/?#", scheme == std::string::npos ? 0 : scheme + 3);
    std::string place = url.substr(0, path);
    if (const auto at = place.rfind('@'); at != std::string::npos && scheme != std::string::npos)
        place.erase(scheme + 3, at - scheme - 2);
    return place;
}

}  // namespace

std::string webhook_signature(std::string_view secret, std::int64_t seconds, std::string_view body) {
    const std::string text = fmt::format("{}.{}", seconds, body);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    ::HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), reinterpret_cast<const unsigned char*>(text.data()),
           text.size(), digest.data(), &size);
    std::string signature = fmt::format("t={},v1=", seconds);
    for (unsigned i = 0; i < size; ++i)
        signature += fmt::format("{:02x}", digest[i]);
    return signature;
}

/// The thread that calls. Guarded by its mutex: what waits; the calls under way are the thread's alone.
class WebhookSender::Caller {
public:
    Caller(const Clock& clock, storage::CommandStore& store, const WebhookOptions& options)
        : clock_(clock), store_(store), options_(options), multi_(::curl_multi_init()), random_(std::random_device{}()) {}
    ~Caller() {
        stop();
        ::curl_multi_cleanup(multi_);
    }
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;

    void add(Call call) {
        {
            const std::lock_guard lock(mutex_);
            if (stopping_ || waiting_.size() >= options_.max_waiting) return;
            waiting_.push_back(std::move(call));
            if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
        }
        ::curl_multi_wakeup(multi_);
    }

    void stop() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        ::curl_multi_wakeup(multi_);
        if (thread_.joinable()) thread_.join();
    }

private:
    struct UnderWay {
        Call call;
        curl_slist* headers = nullptr;
    };

    void run() {
        for (;;) {
            int poll_ms = longest_poll_ms;
            {
                const std::lock_guard lock(mutex_);
                if (stopping_) break;
                const Time now = clock_.now();
                std::erase_if(waiting_, [&](Call& call) {
                    if (call.due > now || under_way_.size() >= options_.at_a_time) {
                        poll_ms = std::clamp<int>(
                            static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(call.due - now).count()), 10,
                            poll_ms);
                        return false;
                    }
                    begin(std::move(call));
                    return true;
                });
            }
            int running = 0;
            ::curl_multi_perform(multi_, &running);
            int left = 0;
            while (const CURLMsg* message = ::curl_multi_info_read(multi_, &left)) {
                if (message->msg == CURLMSG_DONE) finished(message->easy_handle, message->data.result);
            }
            ::curl_multi_poll(multi_, nullptr, 0, poll_ms, nullptr);
        }
        for (auto& [easy, entry] : under_way_)
            end(easy, entry);
        under_way_.clear();
    }

    void begin(Call&& call) {
        CURL* const easy = ::curl_easy_init();
        UnderWay& entry = under_way_[easy];
        entry.call = std::move(call);
        ++entry.call.attempts;
        const auto add_header = [&](const std::string& line) {
            entry.headers = ::curl_slist_append(entry.headers, line.c_str());
        };
        add_header("Content-Type: application/json");
        add_header("Holdfast-Delivery: " + entry.call.id.text());
        if (!options_.secret.empty()) {
            const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(clock_.wall().time_since_epoch()).count();
            add_header("Holdfast-Signature: " + webhook_signature(options_.secret, seconds, entry.call.body));
        }
        ::curl_easy_setopt(easy, CURLOPT_URL, entry.call.url.c_str());
        ::curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
        ::curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
        ::curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        ::curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                           static_cast<long>(std::chrono::ceil<std::chrono::milliseconds>(options_.timeout).count()));
        ::curl_easy_setopt(easy, CURLOPT_POST, 1L);
        ::curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(entry.call.body.size()));
        ::curl_easy_setopt(easy, CURLOPT_POSTFIELDS, entry.call.body.c_str());
        ::curl_easy_setopt(easy, CURLOPT_HTTPHEADER, entry.headers);
        ::curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &ignore_answer);
        ::curl_multi_add_handle(multi_, easy);
    }

    void finished(CURL* easy, CURLcode result) {
        const auto place = under_way_.find(easy);
        long status = 0;
        ::curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        Call call = std::move(place->second.call);
        end(easy, place->second);
        under_way_.erase(place);
        if (result == CURLE_OK && status >= 200 && status < 300) {
            store_.webhook_told(call.id);
            return;
        }
        const std::string why =
            result == CURLE_OK ? fmt::format("it answered with {}", status) : std::string(::curl_easy_strerror(result));
        if (call.attempts >= options_.attempts) {
            log::warning("centre", "the webhook of command {} at {} was not told after {} tries: {}; it is given up",
                         call.id.text(), place_of(call.url), call.attempts, why);
            store_.webhook_told(call.id);
            return;
        }
        const Duration longest =
            std::min(options_.backoff_longest, options_.backoff_first * (std::int64_t{1} << std::min(call.attempts - 1, 20U)));
        const Duration pause{std::uniform_int_distribution<std::int64_t>(0, longest.count())(random_)};
        log::info("centre", "the webhook of command {} at {} failed ({}); it is tried again in {} ms", call.id.text(),
                  place_of(call.url), why, std::chrono::duration_cast<std::chrono::milliseconds>(pause).count());
        call.due = clock_.now() + pause;
        const std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(call));
    }

    void end(CURL* easy, UnderWay& entry) {
        ::curl_multi_remove_handle(multi_, easy);
        ::curl_easy_cleanup(easy);
        ::curl_slist_free_all(entry.headers);
    }

    const Clock& clock_;
    storage::CommandStore& store_;
    const WebhookOptions options_;
    CURLM* multi_;
    std::mutex mutex_;
    std::vector<Call> waiting_;
    bool stopping_ = false;
    std::unordered_map<CURL*, UnderWay> under_way_;
    std::mt19937_64 random_;
    std::thread thread_;
};

WebhookSender::WebhookSender(const Clock& clock, storage::CommandStore& store, WebhookOptions options)
    : store_(store), options_(std::move(options)), caller_(std::make_unique<Caller>(clock, store, options_)) {}

WebhookSender::~WebhookSender() {
    stop();
}

void WebhookSender::resume() {
    const auto untold = store_.webhooks_untold(resume_page);
    if (!untold) {
        log::warning("centre", "webhooks that were not told yet cannot be read: {}", untold.error().message());
        return;
    }
    for (const command::Command& command : *untold)
        send(command);
}

void WebhookSender::send(const command::Command& command) {
    if (!options_.body) return;
    caller_->add({.id = command.id, .url = command.webhook, .body = options_.body(command)});
}

void WebhookSender::stop() {
    caller_->stop();
}

}  // namespace holdfast::center
