#include "command/channel_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <concepts>
#include <optional>
#include <string_view>
#include <utility>

#include "command/errors.h"
#include "command/merge.h"

namespace holdfast::command {

namespace {

// A message: version, kind, then its fields one after the other; numbers with their first byte highest, texts and bytes behind
// their length in 32 bits. Nothing may follow.
constexpr std::uint8_t version = 1;
constexpr std::uint8_t request_kind = 'Q';
constexpr std::uint8_t report_kind = 'R';

constexpr std::size_t max_device_length = 65'535;
constexpr std::size_t max_place_length = 256;  ///< bytes of a node's or centre's name

class Writer {
public:
    explicit Writer(std::size_t size) { bytes_.reserve(size); }

    template <std::unsigned_integral Number>
    void number(Number value) {
        for (std::size_t shift = sizeof(Number) * 8; shift > 0; shift -= 8)
            bytes_.push_back(static_cast<char>(static_cast<unsigned char>(value >> (shift - 8))));
    }
    void flag(bool value) { number(static_cast<std::uint8_t>(value ? 1 : 0)); }
    void time(WallTime value) { number(static_cast<std::uint64_t>(value.time_since_epoch().count())); }
    void text(std::string_view value) {
        number(static_cast<std::uint32_t>(value.size()));
        bytes_.append(value);
    }
    void id(CommandId value) {
        number(value.high());
        number(value.low());
    }
    [[nodiscard]] std::string take() { return std::move(bytes_); }

private:
    std::string bytes_;
};

/// After the first thing that is wrong everything reads as empty, and `whole` is false.
class Reader {
public:
    explicit Reader(ByteView bytes) : bytes_(bytes) {}

    template <std::unsigned_integral Number>
    [[nodiscard]] Number number() {
        const ByteView read = take(sizeof(Number));
        std::uint64_t value = 0;
        for (const Byte byte : read)
            value = value << 8 | byte;
        return static_cast<Number>(value);
    }
    /// A number from 0 to `most`.
    [[nodiscard]] std::uint8_t word(std::uint8_t most) {
        const auto value = number<std::uint8_t>();
        if (value > most) sound_ = false;
        return sound_ ? value : std::uint8_t{0};
    }
    [[nodiscard]] bool flag() { return word(1) == 1; }
    [[nodiscard]] WallTime time() { return WallTime(WallTime::duration(static_cast<std::int64_t>(number<std::uint64_t>()))); }
    [[nodiscard]] std::string text(std::size_t most) {
        const auto length = number<std::uint32_t>();
        if (length > most) sound_ = false;
        return std::string(as_text(take(sound_ ? length : 0)));
    }
    [[nodiscard]] CommandId id() {
        const auto high = number<std::uint64_t>();
        return {high, number<std::uint64_t>()};
    }
    /// Everything was there and in its bounds, and nothing is left.
    [[nodiscard]] bool whole() const noexcept { return sound_ && bytes_.empty(); }

private:
    [[nodiscard]] ByteView take(std::size_t size) {
        if (!sound_ || bytes_.size() < size) {
            sound_ = false;
            return {};
        }
        const ByteView taken = bytes_.first(size);
        bytes_ = bytes_.subspan(size);
        return taken;
    }

    ByteView bytes_;
    bool sound_ = true;
};

std::optional<Error> check_head(Reader& in, std::uint8_t kind, std::string_view what) {
    const auto written = in.number<std::uint8_t>();
    if (written > version) {
        return Error(Errc::newer_version, fmt::format("the {} is of version {}, this release reads up to {}; update this part",
                                                      what, written, version));
    }
    const auto found = in.number<std::uint8_t>();
    if (written == 0 || found != kind) return Error(Errc::malformed, fmt::format("these bytes are no {}", what));
    return std::nullopt;
}

void write(Writer& out, const NotSent& what) {
    out.number(static_cast<std::uint8_t>(what.reason));
    out.text(cut_text(what.detail, max_detail_length));
}
void write(Writer& out, const Sent& what) {
    out.text(cut_text(what.node, max_place_length));
}
void write(Writer& out, const SendUnclear& what) {
    out.text(cut_text(what.node, max_place_length));
    out.text(cut_text(what.detail, max_detail_length));
}
void write(Writer& out, const Delivered& what) {
    out.flag(what.by_device);
    out.flag(what.last_word);
}
void write(Writer& out, const Replied& what) {
    out.number(static_cast<std::uint8_t>(what.verdict));
    out.flag(what.cut || what.result.size() > max_result_size);
    out.text(std::string_view(what.result).substr(0, max_result_size));
    out.text(cut_text(what.content_type, max_content_type_length));
    out.text(cut_text(what.detail, max_detail_length));
}

using What = decltype(Report::what);

What read_what(Reader& in) {
    switch (in.word(std::variant_size_v<What> - 1)) {
        case 0: {
            NotSent what;
            what.reason = static_cast<Reason>(in.word(static_cast<std::uint8_t>(Reason::not_encodable)));
            what.detail = in.text(max_detail_length);
            return what;
        }
        case 1:
            return Sent{.node = in.text(max_place_length)};
        case 2: {
            SendUnclear what;
            what.node = in.text(max_place_length);
            what.detail = in.text(max_detail_length);
            return what;
        }
        case 3: {
            Delivered what;
            what.by_device = in.flag();
            what.last_word = in.flag();
            return what;
        }
        default: {
            Replied what;
            what.verdict = static_cast<Replied::Verdict>(in.word(static_cast<std::uint8_t>(Replied::Verdict::rejected)));
            what.cut = in.flag();
            what.result = in.text(max_result_size);
            what.content_type = in.text(max_content_type_length);
            what.detail = in.text(max_detail_length);
            return what;
        }
    }
}

}  // namespace

std::string encode(const Request& request) {
    Writer out(64 + request.device.size() + request.name.size() + request.payload.size() + request.content_type.size() +
               request.centre.size());
    out.number(version);
    out.number(request_kind);
    out.id(request.id);
    out.number(request.attempt);
    out.time(request.deadline);
    out.text(request.device);
    out.text(request.name);
    out.text(request.content_type);
    out.text(request.centre);
    out.text(request.payload);
    return out.take();
}

std::string encode(const Report& report) {
    const auto* reply = std::get_if<Replied>(&report.what);
    Writer out(128 + report.device.size() + (reply == nullptr ? 0 : reply->result.size() + reply->detail.size()));
    out.number(version);
    out.number(report_kind);
    out.id(report.id);
    out.number(report.attempt);
    out.time(report.at);
    out.text(report.device);
    out.number(static_cast<std::uint8_t>(report.what.index()));
    std::visit([&](const auto& what) { write(out, what); }, report.what);
    return out.take();
}

Result<Request> decode_request(ByteView bytes) {
    Reader in(bytes);
    if (auto error = check_head(in, request_kind, "request")) return std::unexpected(*std::move(error));
    Request request;
    request.id = in.id();
    request.attempt = in.number<std::uint16_t>();
    request.deadline = in.time();
    request.device = in.text(max_device_length);
    request.name = in.text(max_name_length);
    request.content_type = in.text(max_content_type_length);
    request.centre = in.text(max_place_length);
    request.payload = in.text(max_payload_size);
    if (!in.whole()) return fail(Errc::malformed, "the request is cut off, or has a field out of its bounds");
    return request;
}

Result<Report> decode_report(ByteView bytes) {
    Reader in(bytes);
    if (auto error = check_head(in, report_kind, "report")) return std::unexpected(*std::move(error));
    Report report;
    report.id = in.id();
    report.attempt = in.number<std::uint16_t>();
    report.at = in.time();
    report.device = in.text(max_device_length);
    report.what = read_what(in);
    if (!in.whole()) return fail(Errc::malformed, "the report is cut off, or has a field out of its bounds");
    return report;
}

}  // namespace holdfast::command
