#pragma once
// A device directory that says what a test has written into it.

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "control/device_directory.h"

namespace holdfast::live {

class Places final : public control::DeviceDirectory {
public:
    struct Nothing final : control::Watching {};

    command::DevicePlace find(std::string_view device) override {
        const auto found = devices.find(device);
        return found == devices.end() ? command::DevicePlace{} : found->second;
    }
    std::vector<std::string> tagged(std::string_view, std::string_view, std::size_t) override { return {}; }
    std::vector<std::string> clusters() override { return {"east"}; }
    std::vector<control::NodePlace> nodes(std::string_view) override { return places; }
    std::unique_ptr<control::Watching> watch_devices(std::function<void(std::string_view)>) override {
        return std::make_unique<Nothing>();
    }
    std::unique_ptr<control::Watching> watch_nodes(std::function<void()> changed) override {
        nodes_changed = std::move(changed);
        return std::make_unique<Nothing>();
    }

    std::map<std::string, command::DevicePlace, std::less<>> devices;
    std::vector<control::NodePlace> places;
    std::function<void()> nodes_changed;
};

}  // namespace holdfast::live
