// System calls without the C library around them.
//
// The code that runs in a child which shares our memory, or in a forked copy of a process with
// many threads, must not touch the C library's state, nor that of a sanitizer which intercepts the
// library's functions: it would change the parent's. So it calls the kernel itself.

#ifndef HEADRACE_RAW_H
#define HEADRACE_RAW_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define UNINSTRUMENTED __attribute__((no_sanitize("address", "thread", "undefined")))

// dirent64 as the kernel writes it; the C library hides it behind readdir.
struct raw_entry {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
  char name[];
};

/// A system call that gives a negated errno, as the kernel does.
#define RAW(...) raw_result(syscall(__VA_ARGS__))

UNINSTRUMENTED static inline long raw_result(long value) { return value < 0 ? -errno : value; }

/// Closes every descriptor from `first` on.
void raw_close_from(unsigned first);

/// Gives every signal its default action, or ignores all of them.
void raw_signal_actions(int ignore);

/// Blocks every signal, or none.
void raw_signal_mask(int block);

#endif
