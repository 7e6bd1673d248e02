// Removes a tree of files without allocating, without following symbolic links.

#define _GNU_SOURCE
#include "CSpawn.h"
#include "keeper.h"
#include "raw.h"

#ifndef AT_REMOVEDIR
#define AT_REMOVEDIR 0x200
#endif

enum {
  /// What an operator nests deeper than this in its folder stays, with an error.
  depth_limit = 128,
  entries_size = 1024,
};

UNINSTRUMENTED static int is_dots(const char *name) {
  return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}

UNINSTRUMENTED static long remove_at(int folder, const char *name, int depth);

/// Removes what is in an open folder; how many entries went, or a negated errno.
UNINSTRUMENTED static long empty(int folder, int depth) {
  _Alignas(struct raw_entry) char entries[entries_size];
  long removed = 0, error = 0, length;
  while ((length = RAW(SYS_getdents64, folder, entries, sizeof entries)) > 0) {
    for (long at = 0; at < length;) {
      const struct raw_entry *entry = (const struct raw_entry *)(entries + at);
      at += entry->length;
      if (is_dots(entry->name)) continue;
      long result = remove_at(folder, entry->name, depth + 1);
      if (result < 0)
        error = result;
      else
        removed++;
    }
  }
  if (length < 0) return length;
  return error < 0 ? error : removed;
}

UNINSTRUMENTED static long remove_at(int folder, const char *name, int depth) {
  long result = RAW(SYS_unlinkat, folder, name, 0);
  if (result == 0 || result == -ENOENT) return 0;
  if (result != -EISDIR && result != -EPERM) return result;
  if (depth > depth_limit) return -ELOOP;

  int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  long inner = RAW(SYS_openat, folder, name, flags, 0);
  if (inner == -EACCES) {
    (void)RAW(SYS_fchmodat, folder, name, 0700);
    inner = RAW(SYS_openat, folder, name, flags, 0);
  }
  if (inner < 0) return inner == -ENOENT ? 0 : inner;
  // An operator may have taken its own folders' permissions away.
  (void)RAW(SYS_fchmod, inner, 0700);
  // Entries may be skipped while others are removed around them: again from the start, until a
  // pass finds nothing.
  while ((result = empty((int)inner, depth)) > 0)
    (void)RAW(SYS_lseek, inner, 0, SEEK_SET);
  (void)RAW(SYS_close, inner);
  if (result < 0) return result;
  result = RAW(SYS_unlinkat, folder, name, AT_REMOVEDIR);
  return result == -ENOENT ? 0 : result;
}

UNINSTRUMENTED long raw_remove_tree(const char *path) { return remove_at(AT_FDCWD, path, 0); }

int headrace_remove_tree(const char *path) { return (int)raw_remove_tree(path); }
