// One executable for all fuzz targets: picks the body by its first argument and hands libFuzzer the rest.

internal import FuzzBodies

#if canImport(Musl)
  private import Musl
#else
  private import Glibc
#endif

/// libFuzzer's entry point; `callback` gets each input. Never returns from a run that finds something.
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

nonisolated(unsafe) private var chosen = FuzzTarget.all[0]

@_cdecl("headrace_fuzz_main")
func main(
  _ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> CInt {
  guard count > 1, let name = arguments[1].map({ String(cString: $0) }),
    let target = FuzzTarget.all.first(where: { $0.name == name })
  else {
    for target in FuzzTarget.all { print(target.name) }
    return 64
  }
  chosen = target
  arguments[1] = arguments[0]
  var rest: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = arguments + 1
  var restCount = count - 1
  return runFuzzer(&restCount, &rest) { bytes, count in
    do {
      try chosen.check(UnsafeBufferPointer(start: bytes, count: count))
    } catch {
      fatalError("\(error)")
    }
    return 0
  }
}
