// An inspection for programs.

internal import FoundationEssentials
internal import OperatorFile

extension Inspection {
  /// One JSON object, with a newline at the end; docs/operators.md has its keys.
  package func json() throws -> String { try JSONPage.text(InspectionDocument(self)) }
}

enum JSONPage {
  static func text(_ document: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
  }
}

private struct InspectionDocument: Encodable {
  struct Requirement: Encodable {
    var manager: String
    var arguments: [String]
    var place: String
  }

  struct Port: Encodable {
    var medium: String
    var direction: String?
    var folder: String?
    var reason: String
  }

  /// A default's value, as JSON has it.
  struct Value: Encodable {
    var value: ParameterValue

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch value {
      case .string(let text): try container.encode(text)
      case .int(let digits):
        if let number = Int(digits) {
          try container.encode(number)
        } else {
          try container.encode(digits)
        }
      case .float(let number) where number.isFinite: try container.encode(number)
      case .float: try container.encode(value.environmentText)
      case .bool(let flag): try container.encode(flag)
      case .null: try container.encodeNil()
      }
    }
  }

  struct Parameter: Encodable {
    var name: String
    var type: String
    var required: Bool
    /// Absent where there is none, and where it is an expression.
    var `default`: Value?
    var defaultSource: String?
    var description: String?
    var place: String
    var port: Port?

    enum CodingKeys: String, CodingKey {
      case name, type, required, `default`, description, place, port
      case defaultSource = "default_source"
    }

    init(_ parameter: OperatorInterface.Parameter) {
      name = parameter.name
      type = parameter.type.rawValue
      required = parameter.isRequired
      switch parameter.defaultValue {
      case .value(let value): self.default = Value(value: value)
      case .source(let source): defaultSource = source
      case nil: break
      }
      description = parameter.description
      place = parameter.place.description
      port = parameter.port.map {
        Port(
          medium: $0.medium.rawValue, direction: $0.direction?.rawValue, folder: $0.folder,
          reason: $0.reason)
      }
    }
  }

  struct Output: Encodable {
    var name: String
    var description: String?
    var place: String
  }

  struct Warning: Encodable {
    var place: String?
    var message: String
  }

  struct C3: Encodable {
    var differences: [InterfaceDifference]?
    var crash: String?
  }

  var file: String
  var kind: String
  var name: String
  var description: String?
  var requirements: [Requirement]
  var parameters: [Parameter]
  var outputs: [Output]
  var warnings: [Warning]
  var c3: C3

  init(_ inspection: Inspection) {
    let interface = inspection.interface
    file = inspection.file
    kind = interface.kind.rawValue
    name = interface.name
    description = interface.description
    requirements = interface.requirements.map {
      Requirement(
        manager: $0.manager.rawValue, arguments: $0.arguments, place: $0.place.description)
    }
    parameters = interface.parameters.map(Parameter.init)
    outputs = interface.outputs.map {
      Output(name: $0.name, description: $0.description, place: $0.place.description)
    }
    warnings = interface.warnings.map {
      Warning(place: $0.place?.description, message: $0.message)
    }
    switch inspection.compiled {
    case .differs(let differences): c3 = C3(differences: differences)
    case .crashes(let crash): c3 = C3(crash: crash.description)
    }
  }
}
