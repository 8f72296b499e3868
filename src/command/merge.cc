#include "command/merge.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "command/certainty.h"

namespace holdfast::command {

namespace {

using Fate = Attempt::Fate;

/// The attempt a report is about; the newest when the device did not say which, or names one that there never was.
Attempt* attempt_of(Command& command, const Report& report) {
    if (command.attempts.empty()) return nullptr;
    for (auto attempt = command.attempts.rbegin(); attempt != command.attempts.rend(); ++attempt) {
        if (attempt->number == report.attempt) return &*attempt;
    }
    const bool by_device = std::holds_alternative<Delivered>(report.what) || std::holds_alternative<Replied>(report.what);
    return by_device ? &command.attempts.back() : nullptr;
}

/// Keeps the earlier of two times that tell the same.
bool note_time(std::optional<WallTime>& kept, WallTime at) {
    if (kept && *kept <= at) return false;
    kept = at;
    return true;
}

bool raise(State& state, State to) {
    if (state >= to) return false;
    state = to;
    return true;
}

void close(Attempt& attempt, Fate fate, Reason reason, WallTime at) {
    attempt.fate = fate;
    attempt.reason = reason;
    note_time(attempt.ended_at, at);
}

class Merger {
public:
    Merger(Command& command, Attempt& attempt, const Report& report, bool asked_once, WallTime ended_at)
        : command_(command), attempt_(attempt), report_(report), asked_once_(asked_once), ended_at_(ended_at) {}

    bool operator()(const NotSent& what) {
        // Whatever shows that it was sent is stronger; so is a certainty that is already there.
        if (attempt_.sent_at || attempt_.fate == Fate::not_sent) return false;
        // A queued attempt with something to say is one that may have been sent.
        const bool unclear = attempt_.fate == Fate::queued && !attempt_.detail.empty();
        const Fate fate = asked_once_ && !unclear ? Fate::not_sent : Fate::lost;
        if (attempt_.fate == Fate::lost && fate == Fate::lost) return false;
        close(attempt_, fate, what.reason, report_.at);
        attempt_.detail = cut_text(what.detail, max_detail_length);
        return true;
    }

    bool operator()(const Sent& what) { return note_sent(what.node); }

    bool operator()(const SendUnclear& what) {
        if (attempt_.fate == Fate::not_sent) {
            attempt_.fate = Fate::lost;
            return true;
        }
        if (attempt_.fate != Fate::queued || !attempt_.detail.empty()) return false;
        attempt_.detail = what.detail.empty() ? "published, and the session ended before the node had taken it"
                                              : cut_text(what.detail, max_detail_length);
        if (attempt_.node.empty()) attempt_.node = cut_text(what.node, max_detail_length);
        return true;
    }

    bool operator()(const Delivered& what) {
        const bool changed = note_delivered();
        if (!what.last_word) return changed;
        close(attempt_, Fate::answered, Reason::delivered_only, report_.at);
        finish(State::succeeded, Executed::unknown, Reason::delivered_only);
        return true;
    }

    bool operator()(const Replied& what) {
        note_delivered();
        using Verdict = Replied::Verdict;
        // A rejection says nothing about another copy of the command that may have reached the device before.
        const bool alone = asked_once_ && std::ranges::none_of(command_.attempts, [&](const Attempt& other) {
                               return &other != &attempt_ && may_have_arrived(other);
                           });
        command_.result = what.result.substr(0, max_result_size);
        command_.result_type = cut_text(what.content_type, max_content_type_length);
        command_.result_cut = what.cut || what.result.size() > max_result_size;
        command_.detail = cut_text(what.detail, max_detail_length);
        switch (what.verdict) {
            case Verdict::succeeded:
                close(attempt_, Fate::answered, Reason::device_succeeded, report_.at);
                finish(State::succeeded, Executed::yes, Reason::device_succeeded);
                break;
            case Verdict::failed:
                close(attempt_, Fate::answered, Reason::device_failed, report_.at);
                finish(State::failed, Executed::yes, Reason::device_failed);
                break;
            case Verdict::rejected:
                close(attempt_, Fate::answered, Reason::device_rejected, report_.at);
                finish(State::rejected, alone ? Executed::no : Executed::unknown, Reason::device_rejected);
                break;
        }
        return true;
    }

private:
    bool note_sent(std::string_view node) {
        const bool first = !attempt_.sent_at;
        bool changed = note_time(attempt_.sent_at, report_.at);
        changed |= raise(command_.state, State::sent);
        if (attempt_.node.empty() && !node.empty()) {
            attempt_.node = cut_text(node, max_detail_length);
            changed = true;
        }
        if (first && (attempt_.fate == Fate::queued || attempt_.fate == Fate::not_sent || attempt_.fate == Fate::lost)) {
            // An attempt that was given up stays so, but it was sent after all.
            if (attempt_.fate != Fate::queued) attempt_.reason = Reason::no_answer;
            attempt_.fate = Fate::sent;
            attempt_.detail.clear();
            changed = true;
        }
        return changed;
    }

    bool note_delivered() {
        bool changed = note_sent({});
        changed |= note_time(attempt_.delivered_at, report_.at);
        changed |= raise(command_.state, State::delivered);
        if (attempt_.fate == Fate::sent || attempt_.fate == Fate::lost) {
            attempt_.fate = Fate::delivered;
            changed = true;
        }
        return changed;
    }

    void finish(State state, Executed executed, Reason reason) {
        const std::string detail = std::exchange(command_.detail, {});
        end(command_, state, reason, detail, ended_at_);
        command_.executed = executed;
    }

    Command& command_;
    Attempt& attempt_;
    const Report& report_;
    bool asked_once_;
    WallTime ended_at_;
};

}  // namespace

std::string_view cut_text(std::string_view text, std::size_t size) noexcept {
    if (text.size() <= size) return text;
    // Bytes that continue a character look like 10xxxxxx.
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80)
        --size;
    return text.substr(0, size);
}

bool merge(Command& command, const Report& report, bool asked_once, WallTime ended_at) {
    if (is_terminal(command.state)) return false;
    Attempt* attempt = attempt_of(command, report);
    if (attempt == nullptr) return false;
    const bool changed = std::visit(Merger(command, *attempt, report, asked_once, ended_at), report.what);
    if (changed && !is_terminal(command.state)) command.executed = certainty(command);
    return changed;
}

void end(Command& command, State state, Reason reason, std::string_view detail, WallTime at) {
    HF_ASSERT(!is_terminal(command.state) && is_terminal(state), "a command ends once");
    HF_ASSERT(reason != Reason::none, "a command ends for a reason");
    command.state = state;
    command.reason = reason;
    command.detail = cut_text(detail, max_detail_length);
    command.executed = certainty(command);
    command.ended_at = at;
    for (Attempt& attempt : command.attempts) {
        if (attempt.ended_at) continue;
        attempt.ended_at = at;
        if (attempt.fate == Fate::queued) attempt.fate = Fate::lost;
        if (attempt.reason == Reason::none)
            attempt.reason = attempt.fate == Fate::lost ? Reason::channel_lost : Reason::no_answer;
    }
}

}  // namespace holdfast::command
