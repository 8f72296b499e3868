#include "admin/device_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace holdfast::admin {
namespace {

/// Tags as the fleet wants them: sorted, each once.
std::vector<std::string> in_order(std::vector<std::string> tags) {
    std::ranges::sort(tags);
    tags.erase(std::ranges::unique(tags).begin(), tags.end());
    return tags;
}

void check_tags(JsonFields& fields, const std::optional<std::vector<std::string>>& tags) {
    if (!tags) return;
    for (std::size_t i = 0; i < tags->size(); ++i) {
        if (fleet::valid_tag((*tags)[i])) continue;
        fields.complain("tags",
                        fmt::format("a tag has 1 to {} bytes without spaces or control characters", fleet::max_tag_length));
    }
}

}  // namespace

fleet::DeviceSpec read_device_spec(JsonFields& fields) {
    fleet::DeviceSpec spec;
    fields.require("id");
    spec.id = fields.text("id", fleet::max_device_id_length).value_or("");
    if (fields.has("id") && spec.id.empty()) fields.complain("id", "'id' must not be empty");
    spec.home = fields.text("home", fleet::max_name_length).value_or("");
    spec.explicit_cluster = fields.text("explicit_cluster", fleet::max_name_length).value_or("");
    spec.explicit_node = fields.text("explicit_node", fleet::max_name_length).value_or("");
    spec.disabled = fields.boolean("disabled").value_or(false);
    auto tags = fields.texts("tags", fleet::max_tags, fleet::max_tag_length);
    check_tags(fields, tags);
    spec.tags = in_order(std::move(tags).value_or(std::vector<std::string>()));
    spec.note = fields.text("note", fleet::max_note_length).value_or("");
    return spec;
}

fleet::DevicePatch read_device_patch(JsonFields& fields) {
    fleet::DevicePatch patch;
    patch.disabled = fields.boolean("disabled");
    patch.tags = fields.texts("tags", fleet::max_tags, fleet::max_tag_length);
    check_tags(fields, patch.tags);
    if (patch.tags) patch.tags = in_order(std::move(*patch.tags));
    patch.note = fields.text("note", fleet::max_note_length);
    patch.home = fields.text("home", fleet::max_name_length);
    return patch;
}

fleet::DevicePatch patch_from(const fleet::DeviceSpec& spec, const JsonFields& fields) {
    fleet::DevicePatch patch;
    if (fields.has("disabled")) patch.disabled = spec.disabled;
    if (fields.has("tags")) patch.tags = spec.tags;
    if (fields.has("note")) patch.note = spec.note;
    if (fields.has("home") && !spec.home.empty()) patch.home = spec.home;
    return patch;
}

std::optional<std::string> fault_of(const fleet::DeviceSpec& spec, const fleet::Topology& topology) {
    if (!fleet::valid_device_id(spec.id)) return fmt::format("an id has 1 to {} bytes", fleet::max_device_id_length);
    for (const std::string* cluster : {&spec.home, &spec.explicit_cluster}) {
        if (!cluster->empty() && !topology.find_cluster(*cluster).valid())
            return fmt::format("there is no cluster '{}'", *cluster);
    }
    if (!spec.explicit_node.empty()) {
        const fleet::NodeIndex node = topology.find_node(spec.explicit_node);
        if (!node.valid()) return fmt::format("there is no node '{}'", spec.explicit_node);
        if (!spec.explicit_cluster.empty() && topology.cluster_name(topology.node(node).cluster) != spec.explicit_cluster) {
            return fmt::format("node '{}' is not in cluster '{}'", spec.explicit_node, spec.explicit_cluster);
        }
    }
    return std::nullopt;
}

}  // namespace holdfast::admin
