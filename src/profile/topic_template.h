#pragma once
// Topics as templates: `holdfast/{device}/command/{id}`. A template makes topics from values, finds the values in a topic
// again, and knows the filter to subscribe to for all of its topics.
//
// So that reading back is never ambiguous, a level holds at most one placeholder (with text around it, if need be:
// `v1/dev-{device}/do`), and a value is exactly one level's text: one that holds `/`, `+`, `#` or U+0000, or is empty, is
// refused and not escaped. A device that knows nothing of Holdfast would not know the escape, and a topic of another shape than
// the template's could be another device's.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "command/command_id.h"
#include "profile/errors.h"
#include "profile/placeholder.h"

namespace holdfast::profile {

/// What a topic is made of. Read during the call only.
struct TopicValues {
    std::string_view device = {};
    std::string_view id = {};
    std::uint16_t attempt = 1;
    std::string_view command = {};
};

/// What a topic says. Views into the topic; what the template does not hold is empty, or 0.
struct TopicParts {
    std::string_view device = {};
    std::string_view command = {};
    std::optional<command::CommandId> id = {};
    std::uint16_t attempt = 0;
};

class TopicTemplate {
public:
    /// Whether a topic may be longer or shorter than a template that ends in `/{id}`.
    enum class Tail : std::uint8_t {
        exact,
        /// `/{attempt}` may follow, and the id may be missing: what comes is said in other ways then.
        loose,
    };

    /// `loose` has a meaning only for templates that end in `/{id}` and hold no `{attempt}`; others stay exact. Errors:
    /// bad_profile, with the place.
    [[nodiscard]] static Result<TopicTemplate> compile(std::string_view text, Tail tail = Tail::exact);

    /// Writes the topic over `out`; with a loose tail the attempt is put behind. Errors: not_encodable.
    [[nodiscard]] Result<> render(const TopicValues& values, std::string& out) const;

    /// Nothing for a topic that the template does not make. A few comparisons, and no allocation.
    [[nodiscard]] std::optional<TopicParts> match(std::string_view topic) const noexcept;

    [[nodiscard]] bool holds(Placeholder placeholder) const noexcept;
    /// The narrowest filter that fits all topics of the template.
    [[nodiscard]] const std::string& filter() const noexcept { return filter_; }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    struct Part {
        std::string literal;
        Placeholder placeholder;
        std::size_t suffix = 0;  ///< bytes of what follows the placeholder in its own level
    };

    TopicTemplate() = default;
    [[nodiscard]] bool take_value(const Part& part, std::string_view level, TopicParts& parts) const noexcept;
    void make_filter();

    std::string text_;
    std::vector<Part> parts_;
    std::string end_;  ///< behind the last placeholder
    std::string filter_;
    bool loose_ = false;
};

}  // namespace holdfast::profile
