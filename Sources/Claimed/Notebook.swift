// A Jupyter notebook, as far as it says what an operator's interface is.

internal import FoundationEssentials
internal import OperatorFile

/// Cells and language of a notebook. Source: nbformat 4, and 3 as far as cells go.
struct Notebook {
  struct Cell {
    enum Source {
      case text(String)
      case lines([String])
    }

    var type: String
    /// As it is written; nothing where the cell has none.
    var source: Source?

    var text: String {
      switch source {
      case .text(let text): text
      case .lines(let lines): lines.joined()
      case nil: ""
      }
    }
  }

  var cells: [Cell]
  /// Whether they stand where nbformat 4 has them.
  var hasCells: Bool
  /// The language that the notebook names: nothing where it names none.
  var language: String?
  /// The language of its kernel, where that is all that it names.
  var kernelLanguage: String?

  init(_ text: String, file: String) throws(FileErrors) {
    let document: Document
    do {
      document = try Self.decode(text)
    } catch {
      throw FileErrors([
        Diagnostic(
          "is not a notebook: \(Self.reason(error))", at: SourceLocation(file: file))
      ])
    }
    hasCells = document.cells != nil
    let cells = document.cells ?? document.worksheets?.flatMap { $0.cells ?? [] } ?? []
    self.cells = cells.map {
      Cell(type: $0.type ?? "", source: ($0.source ?? $0.input)?.source)
    }
    language = document.metadata?.languageInfo?.name
    let kernel = document.metadata?.kernelspec
    kernelLanguage = kernel?.language ?? (kernel?.name == "ir" ? "r" : nil)
  }

  private static func decode(_ text: String) throws -> Document {
    let data = Data(text.utf8)
    do {
      return try JSONDecoder().decode(Document.self, from: data)
    } catch {
      // Python writes numbers that JSON does not have, as outputs of plots.
      guard text.contains("NaN") || text.contains("Infinity") else { throw error }
      let decoder = JSONDecoder()
      decoder.allowsJSON5 = true
      return try decoder.decode(Document.self, from: data)
    }
  }

  private static func reason(_ error: any Error) -> String {
    switch error as? DecodingError {
    case .typeMismatch(_, let context), .valueNotFound(_, let context),
      .keyNotFound(_, let context):
      let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
      return path.isEmpty
        ? "its JSON is no object" : "'\(path.joined(separator: "."))' is none of nbformat's values"
    default: return "it is not JSON"
    }
  }

  private struct Document: Decodable {
    struct Metadata: Decodable {
      struct Language: Decodable { var name: String? }
      struct Kernel: Decodable {
        var name: String?
        var language: String?
      }
      var languageInfo: Language?
      var kernelspec: Kernel?

      enum CodingKeys: String, CodingKey {
        case languageInfo = "language_info"
        case kernelspec
      }
    }

    struct Cell: Decodable {
      var type: String?
      var source: Lines?
      /// nbformat 3.
      var input: Lines?

      enum CodingKeys: String, CodingKey {
        case type = "cell_type"
        case source, input
      }
    }

    struct Worksheet: Decodable { var cells: [Cell]? }

    var cells: [Cell]?
    var worksheets: [Worksheet]?
    var metadata: Metadata?
  }

  private struct Lines: Decodable {
    let source: Cell.Source

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let text = try? container.decode(String.self) {
        source = .text(text)
      } else {
        source = .lines(try container.decode([String].self))
      }
    }
  }
}
