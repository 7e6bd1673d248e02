// How the C library's allocator treats the buffers of the data path.

internal import CSpawn

enum Allocator {
  /// Keeps up to 4 MiB of freed memory instead of returning it at once.
  ///
  /// What is read is passed on as slices, so buffers of 256 KiB come and go with every turn of the
  /// loop. By default the C library gives such memory back to the kernel and takes it again: 62 page
  /// faults a MB in a chain of three nodes, 5 with this.
  static func keepFreedBuffers() {
    headrace_keep_freed_memory(4 << 20, 2 << 20)
  }
}
