#pragma once
// The fleet as another process shows it in `GET /api/v1/places`: where each device is, and the nodes of each cluster. Pure:
// events go in, the picture changes, and it is said what has changed.
//
// A stream begins with everything there is. Until that is complete the picture of the stream before stays, as half a fleet
// would look as if the other half had gone; then the new one takes its place as a whole.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "command/device_place.h"
#include "control/device_directory.h"

namespace holdfast::directory {

enum class PictureErrc : std::uint16_t { malformed, too_many };
[[nodiscard]] const ErrorCategory& error_category(PictureErrc) noexcept;

class FleetPicture {
public:
    /// What one event changed in the picture that is shown.
    struct Changes {
        std::vector<std::string> devices = {};
        bool nodes = false;
        bool completed = false;  ///< the picture is the present stream's from now on
    };

    /// At most so many devices are taken.
    explicit FleetPicture(std::size_t max_devices) : max_devices_(max_devices) {}

    /// A new stream begins.
    void begin();
    /// Takes one event. After an error the stream is of no use any more; the picture stays as it is.
    [[nodiscard]] Result<Changes> take(std::string_view event, std::string_view data);

    /// There has been a whole picture.
    [[nodiscard]] bool complete() const noexcept { return complete_; }
    [[nodiscard]] std::size_t size() const noexcept { return shown_.devices.size(); }

    [[nodiscard]] command::DevicePlace find(std::string_view device) const;
    [[nodiscard]] std::vector<std::string> tagged(std::string_view tag, std::string_view after, std::size_t limit) const;
    [[nodiscard]] std::vector<std::string> clusters() const;
    [[nodiscard]] std::vector<control::NodePlace> nodes(std::string_view cluster) const;

private:
    struct Device {
        command::DevicePlace place = {};
        std::vector<std::string> tags = {};
        friend bool operator==(const Device&, const Device&) = default;
    };
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
    };
    using Clusters = std::map<std::string, std::vector<control::NodePlace>, std::less<>>;
    struct Picture {
        std::unordered_map<std::string, Device, TextHash, std::equal_to<>> devices = {};
        Clusters clusters = {};
    };

    [[nodiscard]] Result<> take_nodes(std::string_view data, Changes& changes);
    [[nodiscard]] Result<> take_devices(std::string_view data, Changes& changes);
    void show_coming(Changes& changes);
    /// What the present stream is about: the coming picture until it is complete.
    [[nodiscard]] Picture& present() noexcept { return coming_begun_ ? coming_ : shown_; }

    std::size_t max_devices_;
    Picture shown_;
    Picture coming_;
    bool coming_begun_ = false;
    bool complete_ = false;
};

}  // namespace holdfast::directory
