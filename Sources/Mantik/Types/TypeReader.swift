// A type from its JSON, with the place of what is wrong with it.

/// A type that cannot be, or a header.
package struct MantikError: Error, Equatable, CustomStringConvertible {
  /// Where in the JSON: `columns.x.shape[0]`; empty for the whole of it.
  package var path: String
  package var message: String

  package init(_ message: String, at path: String = "") {
    self.message = message
    self.path = path
  }

  package var description: String {
    Printed.sentence(self.path.isEmpty ? self.message : "\(self.path): \(self.message)")
  }
}

extension DataType {
  /// The most values that a tensor may have: as many as a row.
  package static let mostValues = RowLimits.values

  /// Reads a type as a parameter gives it: JSON, or the name of a plain type alone.
  package init(text: String) throws(MantikError) {
    if let plain = PlainType(rawValue: text) {
      self = .plain(plain)
      return
    }
    let json: JSON
    do throws(JSONError) { json = try JSONParser.parse(text) } catch {
      throw MantikError("not JSON: \(error)")
    }
    try self.init(json: json)
  }

  /// Members that no type has are passed over: later versions may bring some.
  ///
  /// - Parameter path: where the type stands, for errors.
  package init(json: JSON, at path: String = "") throws(MantikError) {
    switch json {
    case .string(let name):
      guard let plain = PlainType(rawValue: name) else {
        let names = PlainType.allCases.map(\.rawValue).joined(separator: ", ")
        throw MantikError("there is no type \(Printed.quoted(name)); plain are \(names)", at: path)
      }
      self = .plain(plain)
    case .object(let object):
      self = try TypeReader(object: object, path: path).type()
    default:
      throw MantikError("a type is a name or an object, not \(json.kind)", at: path)
    }
  }
}

/// Reads an object that describes a type.
private struct TypeReader {
  private static let kinds = ["tabular", "tensor", "image", "nullable", "array", "struct"]

  let object: JSONObject
  let path: String

  func type() throws(MantikError) -> DataType {
    switch self.object["type"] {
    // Tables alone may leave it out.
    case nil where self.object["columns"] != nil: return .tabular(try self.columns("columns"))
    case .string("tabular"): return .tabular(try self.columns("columns"))
    case .string("struct"): return .structure(try self.columns("fields"))
    case .string("tensor"): return try self.tensor()
    case .string("image"): return .image(try self.image())
    case .string("nullable"): return .nullable(try self.underlying())
    case .string("array"): return .array(try self.underlying())
    case nil:
      throw MantikError("the type has neither 'type' nor 'columns'", at: self.path)
    case let other?:
      throw MantikError(
        "'type' is one of \(Self.kinds.joined(separator: ", ")), not \(other.kind)",
        at: self.place("type"))
    }
  }

  private func columns(_ key: String) throws(MantikError) -> [Column] {
    guard case .object(let columns) = try self.member(key) else {
      throw MantikError("'\(key)' is an object of names and types", at: self.place(key))
    }
    var result: [Column] = []
    for member in columns.members {
      let path = self.place("\(key).\(member.key)")
      result.append(Column(member.key, try DataType(json: member.value, at: path)))
    }
    return result
  }

  private func underlying() throws(MantikError) -> DataType {
    try DataType(json: try self.member("underlying"), at: self.place("underlying"))
  }

  private func tensor() throws(MantikError) -> DataType {
    guard case .array(let dimensions) = try self.member("shape") else {
      throw MantikError("'shape' is a list of numbers", at: self.place("shape"))
    }
    var shape: [Int] = []
    var count = 1
    for (number, dimension) in dimensions.enumerated() {
      let path = "shape[\(number)]"
      let size = try self.positive(dimension, path)
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow, product <= DataType.mostValues else {
        throw MantikError(
          "the tensor has more than \(DataType.mostValues) values", at: self.place("shape"))
      }
      count = product
      shape.append(size)
    }
    let component = try self.plain("componentType")
    guard component != .void else {
      throw MantikError("a tensor cannot be of void", at: self.place("componentType"))
    }
    return .tensor(shape: shape, component: component)
  }

  private func image() throws(MantikError) -> ImageType {
    let width = try self.positive(try self.member("width"), "width")
    let height = try self.positive(try self.member("height"), "height")
    guard case .object(let channels) = try self.member("components"), !channels.members.isEmpty
    else {
      throw MantikError(
        "'components' is an object of channels, at least one", at: self.place("components"))
    }
    var components: [ImageType.Component] = []
    for member in channels.members {
      let reader = TypeReader(object: JSONObject([member]), path: self.place("components"))
      components.append(try reader.component(member))
    }
    let image = ImageType(
      width: width, height: height, components: components, format: try self.imageFormat())
    let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
    guard !overflow, pixels <= RowLimits.bytes, (image.byteCount ?? 0) <= RowLimits.bytes else {
      throw MantikError("the image has more than \(RowLimits.bytes) bytes", at: self.path)
    }
    return image
  }

  private func component(_ member: JSONObject.Member) throws(MantikError) -> ImageType.Component {
    guard let channel = ImageType.Channel(rawValue: member.key) else {
      let names = ImageType.Channel.allCases.map(\.rawValue).joined(separator: ", ")
      throw MantikError(
        "a channel is one of \(names), not \(Printed.quoted(member.key))", at: self.path)
    }
    let path = self.place(member.key)
    guard case .object(let object) = member.value else {
      throw MantikError("a channel is an object with 'componentType'", at: path)
    }
    let type = try TypeReader(object: object, path: path).plain("componentType")
    guard type.size != nil else {
      throw MantikError(
        "a channel is of a type of fixed size, not \(type.rawValue)", at: path + ".componentType")
    }
    return ImageType.Component(channel, type)
  }

  private func imageFormat() throws(MantikError) -> ImageType.Format {
    guard let json = self.object["format"] else { return .plain }
    guard case .string(let name) = json, let format = ImageType.Format(rawValue: name) else {
      let names = ImageType.Format.allCases.map(\.rawValue).joined(separator: ", ")
      throw MantikError("'format' is one of \(names), not \(json.kind)", at: self.place("format"))
    }
    return format
  }

  private func plain(_ key: String) throws(MantikError) -> PlainType {
    let json = try self.member(key)
    guard case .string(let name) = json, let type = PlainType(rawValue: name) else {
      throw MantikError("'\(key)' is the name of a plain type, not \(json.kind)", at: place(key))
    }
    return type
  }

  private func positive(_ json: JSON, _ path: String) throws(MantikError) -> Int {
    guard case .number(let text) = json, let number = Int(text), number > 0 else {
      throw MantikError("this is a whole number above 0, not \(json.kind)", at: self.place(path))
    }
    return number
  }

  private func member(_ key: String) throws(MantikError) -> JSON {
    guard let value = self.object[key] else {
      throw MantikError("the type has no '\(key)'", at: self.path)
    }
    return value
  }

  private func place(_ path: String) -> String {
    self.path.isEmpty ? path : "\(self.path).\(path)"
  }
}
