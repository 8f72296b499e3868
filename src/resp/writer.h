#pragma once
// Putting values and commands of the Redis protocol (RESP2) into bytes.

#include <span>
#include <string>

#include "resp/reply.h"

namespace holdfast::resp {

/// A command as clients send it: an array of bulk strings.
void append_command(std::string& out, std::span<const std::string> words);

/// A value as servers answer it. Line ends inside a status or an error become spaces, because they would end it.
void append_reply(std::string& out, const Reply& reply);

}  // namespace holdfast::resp
