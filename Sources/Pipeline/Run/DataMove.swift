// Moves whole files in and out of ports: what the engine and the commands share.

package import Client
package import MNP
internal import NIOCore

package enum DataMove {
  /// Bytes read from a file at a time.
  private static let chunk = 256 * 1024

  /// Pushes a file to its end. A file that cannot be read breaks the push off; a push that ends, and a
  /// task that is cancelled, end a read that waits.
  package static func push(_ file: InputFile, to port: NodeURL, task: TaskID, _ client: MNPClient)
    async throws
  {
    let writer = try client.push(
      to: port, task: task, sizeHint: file.size >= 0 ? file.size : nil)
    let interruption = file.interruption
    writer.whenEnded { interruption?.interrupt() }
    do {
      try await withTaskCancellationHandler {
        while let bytes = try await Disk.run({ try file.read(limit: chunk) }) {
          try await writer.write(bytes)
        }
      } onCancel: {
        interruption?.interrupt()
      }
    } catch let error as FileFailure where error.isInterruption {
      try _Concurrency.Task.checkCancellation()
      // It was the push's own end, which says why.
    } catch {
      writer.cancel()
      throw error
    }
    try await writer.finish()
  }

  /// Pulls a port to its end. A file that cannot be written breaks the pull off.
  package static func pull(
    _ port: NodeURL, task: TaskID, into file: OutputFile, _ client: MNPClient
  )
    async throws
  {
    let reader = try client.pull(from: port, task: task)
    do {
      while let bytes = try await reader.next() {
        try await Disk.run { try file.write(bytes) }
      }
    } catch {
      reader.cancel()
      throw error
    }
  }
}
