// Sizes as people write them: 100, 64K, 3M, 1G.

/// A count of bytes from text: digits, then nothing, K, M or G as powers of 1024. Nil for anything
/// else, and for what does not fit into an Int.
package func parseByteCount(_ text: String) -> Int? {
  var digits = Substring(text)
  var unit = 1
  switch digits.last {
  case "K": unit = 1 << 10
  case "M": unit = 1 << 20
  case "G": unit = 1 << 30
  default: break
  }
  if unit > 1 { digits.removeLast() }
  // Int() alone would take a sign.
  guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int(digits) else {
    return nil
  }
  let (bytes, overflow) = count.multipliedReportingOverflow(by: unit)
  return overflow ? nil : bytes
}
