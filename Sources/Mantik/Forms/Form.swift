// The forms that data with a Mantik type may have, by their content types.

/// A form of data. Its raw value is the short name that people write.
package enum Form: String, CaseIterable, Sendable {
  case csv, jsonl, arrow, bundle
  case bundleJSON = "bundle-json"
  case msgpack, json

  package var contentType: String {
    switch self {
    case .csv: "text/csv"
    case .jsonl: "application/x-ndjson"
    case .arrow: "application/vnd.apache.arrow.stream"
    case .bundle: "application/x-mantik-bundle"
    case .bundleJSON: "application/x-mantik-bundle-json"
    case .msgpack: "application/x-msgpack"
    case .json: "application/json"
    }
  }

  /// The form of a content type; its parameters (`; charset=utf-8`) and letters' case do not count.
  package init?(contentType: String) {
    let type = contentType.prefix { $0 != ";" }.filter { !$0.isWhitespace }.lowercased()
    // As two of the three existing implementations write it.
    if type == "application-x-mantik-bundle-json" {
      self = .bundleJSON
      return
    }
    guard let form = Self.allCases.first(where: { $0.contentType == type }) else { return nil }
    self = form
  }

  /// From a short name or a content type.
  package init?(_ text: String) {
    guard let form = Form(rawValue: text) ?? Form(contentType: text) else { return nil }
    self = form
  }

  /// Whether data of this form says its type.
  package var carriesType: Bool {
    switch self {
    case .arrow, .bundle, .bundleJSON: true
    case .csv, .jsonl, .msgpack, .json: false
    }
  }

  /// Whether it holds nothing but tables.
  package var holdsTablesOnly: Bool {
    switch self {
    case .csv, .jsonl, .arrow: true
    case .bundle, .bundleJSON, .msgpack, .json: false
    }
  }
}
