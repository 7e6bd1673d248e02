// The raw system calls that both the spawned child and the keeper need.

#define _GNU_SOURCE
#include "raw.h"

#include <string.h>
#include <sys/resource.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/// The kernel's sigaction: its fields differ between machines, but all of them begin with the
/// handler, and zero is right for the rest.
struct raw_action {
  void *handler;
  unsigned long rest[7];
};

/// One pass over /proc/self/fd, for kernels before 5.9. Returns 0 when it could not be read.
UNINSTRUMENTED static int close_listed(unsigned first) {
  long folder = RAW(SYS_openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (folder < 0) return 0;
  _Alignas(struct raw_entry) char entries[1024];
  long length;
  while ((length = RAW(SYS_getdents64, folder, entries, sizeof entries)) > 0) {
    for (long at = 0; at < length;) {
      const struct raw_entry *entry = (const struct raw_entry *)(entries + at);
      at += entry->length;
      unsigned number = 0;
      const char *digit = entry->name;
      if (*digit < '0' || *digit > '9') continue;
      for (; *digit >= '0' && *digit <= '9'; digit++) number = number * 10 + (unsigned)(*digit - '0');
      if (number >= first && number != (unsigned)folder) (void)RAW(SYS_close, number);
    }
  }
  (void)RAW(SYS_close, folder);
  return 1;
}

UNINSTRUMENTED void raw_close_from(unsigned first) {
  if (RAW(SYS_close_range, first, ~0U, 0) == 0) return;
  if (close_listed(first)) return;
  struct rlimit limit;
  unsigned long last = 65536;
  if (RAW(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit) == 0 && limit.rlim_cur < last)
    last = limit.rlim_cur;
  for (unsigned long number = first; number < last; number++) (void)RAW(SYS_close, number);
}

UNINSTRUMENTED void raw_signal_actions(int ignore) {
  struct raw_action action;
  action.handler = ignore ? (void *)SIG_IGN : (void *)SIG_DFL;
  for (int i = 0; i < 7; i++) action.rest[i] = 0;
  // 64 signals on every machine we build for; KILL and STOP are refused, which is right.
  for (int number = 1; number <= 64; number++)
    (void)RAW(SYS_rt_sigaction, number, &action, NULL, 8);
}

UNINSTRUMENTED void raw_signal_mask(int block) {
  uint64_t mask = block ? ~(uint64_t)0 : 0;
  (void)RAW(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8);
}
