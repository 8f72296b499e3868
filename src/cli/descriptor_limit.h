#pragma once
// How many descriptors this process may open.

namespace holdfast::cli {

/// Raises the soft limit to the hard one: each connection takes a descriptor or two, and the soft limit is of no use to
/// anybody.
void raise_descriptor_limit();

}  // namespace holdfast::cli
