// What a node shows to whoever opens its address in a browser.

/// A page of HTML: the node's name, its version, and what it is. Nothing of what it runs or holds.
enum FrontPage {
  static func html(name: String, version: String) -> String {
    let name = escaped(name)
    let title = version.isEmpty ? "headrace" : "headrace \(escaped(version))"
    return """
      <!DOCTYPE html>
      <html lang="en">
      <meta charset="utf-8">
      <title>\(name): \(title)</title>
      <h1>\(name)</h1>
      <p>This is a node of \(title). It gives an operator ports, and streams data between it and other
      nodes while the data is being made.</p>
      <p>It speaks MNP, which is gRPC over HTTP/2, at this address; there is nothing else to see here.</p>
      </html>

      """
  }

  /// Text between tags. Control characters, which a name may have too, are no HTML at all.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case _ where scalar.properties.generalCategory == .control: result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
