// Room on a disk that a file no longer needs.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>

#include "CSpawn.h"

int headrace_free_room(int file, int64_t offset, int64_t length) {
  int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  return fallocate(file, mode, offset, length) == 0 ? 0 : -errno;
}
