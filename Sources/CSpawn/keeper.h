// The keeper's message, shared by those who write it and the keeper that reads it.

#ifndef HEADRACE_KEEPER_H
#define HEADRACE_KEEPER_H

#include <stdint.h>

struct keeper_message {
  uint32_t kind;
  int32_t group;
  uint32_t length;
};

enum {
  keeper_path_limit = 1024,
  /// Below PIPE_BUF, so that writes of several threads and children never mix.
  keeper_message_limit = sizeof(struct keeper_message) + keeper_path_limit,
};

/// Safe in a child that shares our memory. Returns 0 or a negated errno.
long keeper_write(int lifeline, uint32_t kind, int32_t group, const char *path);

/// Safe in a forked copy: no allocation, nothing of the C library's state.
long raw_remove_tree(const char *path);

#endif
