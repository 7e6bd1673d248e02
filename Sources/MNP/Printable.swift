// Which characters may be shown as they are, and how text with others is shown.

/// No controls, no line ends, nothing that changes how the text around it is shown. Characters
/// that Unicode has not assigned pass: which those are depends on who was built when.
func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
  // Nearly every id is ASCII alone, and Unicode's tables cost more than the rest of a call's ids.
  if scalar.isASCII { return (" "..."~").contains(scalar) }
  return switch scalar.properties.generalCategory {
  case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
  default: true
  }
}

/// Text from elsewhere for an error's message, which travels on into logs and terminals: in quotes,
/// with escapes for what is not printable, and not without end.
func quoted(_ text: some StringProtocol) -> String {
  var quoted = "\""
  var rest = text.unicodeScalars.prefix(300)[...]
  // An escape may have ten letters.
  while quoted.utf8.count < 1000, let scalar = rest.popFirst() {
    if scalar == "\"" || scalar == "\\" || !isPrintable(scalar) {
      quoted += scalar.escaped(asASCII: true)
    } else {
      quoted.unicodeScalars.append(scalar)
    }
  }
  return quoted + "\"" + (rest.isEmpty && text.unicodeScalars.count <= 300 ? "" : "…")
}
