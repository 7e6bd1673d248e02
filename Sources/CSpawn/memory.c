// How the C library's allocator treats large buffers.

#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "CSpawn.h"

void headrace_keep_freed_memory(int bytes, int mapped_from) {
#ifdef __GLIBC__
  mallopt(M_TRIM_THRESHOLD, bytes);
  mallopt(M_MMAP_THRESHOLD, mapped_from);
#else
  // Musl has no such settings.
  (void)bytes;
  (void)mapped_from;
#endif
}
