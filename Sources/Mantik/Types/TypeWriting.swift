// A type as JSON.

extension DataType {
  /// What every reader of Mantik's types takes: `type` is always said.
  package var json: JSON {
    switch self {
    case .plain(let type): .string(type.rawValue)
    case .tabular(let columns): Self.object("tabular", ("columns", Self.json(columns)))
    case .structure(let fields): Self.object("struct", ("fields", Self.json(fields)))
    case .nullable(let underlying): Self.object("nullable", ("underlying", underlying.json))
    case .array(let underlying): Self.object("array", ("underlying", underlying.json))
    case .tensor(let shape, let component):
      Self.object(
        "tensor", ("shape", .array(shape.map { .number("\($0)") })),
        ("componentType", .string(component.rawValue)))
    case .image(let image):
      Self.object(
        "image", ("width", .number("\(image.width)")), ("height", .number("\(image.height)")),
        ("components", Self.json(image.components)), ("format", .string(image.format.rawValue)))
    }
  }

  private static func object(_ type: String, _ members: (String, JSON)...) -> JSON {
    let type = JSONObject.Member("type", .string(type))
    return .object(JSONObject([type] + members.map { JSONObject.Member($0.0, $0.1) }))
  }

  private static func json(_ columns: [Column]) -> JSON {
    .object(JSONObject(columns.map { JSONObject.Member($0.name, $0.type.json) }))
  }

  private static func json(_ components: [ImageType.Component]) -> JSON {
    let members = components.map { component in
      let type = JSONObject.Member("componentType", .string(component.type.rawValue))
      return JSONObject.Member(component.channel.rawValue, .object(JSONObject([type])))
    }
    return .object(JSONObject(members))
  }
}
