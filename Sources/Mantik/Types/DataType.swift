// What a value in Mantik is: plain types, and what is made of them.

/// A type of Mantik. Where it has names, their order counts: values come in it, without names.
package enum DataType: Hashable, Sendable {
  case plain(PlainType)
  /// A table; its rows are what a bundle streams.
  case tabular([Column])
  /// Values of one plain type, flat, the innermost dimension first.
  case tensor(shape: [Int], component: PlainType)
  case image(ImageType)
  /// The underlying type, or null.
  indirect case nullable(DataType)
  /// Any number of values of one type.
  indirect case array(DataType)
  case structure([Column])
}

/// A column of a table, or a field of a struct.
package struct Column: Hashable, Sendable {
  package var name: String
  package var type: DataType

  package init(_ name: String, _ type: DataType) {
    self.name = name
    self.type = type
  }
}

/// A type without parts.
package enum PlainType: String, CaseIterable, Sendable {
  case uint8, int8, uint32, int32, uint64, int64, bool, float32, float64, string, void

  /// Bytes of one value; nothing where it has no fixed size, and for `bool`, whose size in an image
  /// nobody has defined.
  package var size: Int? {
    switch self {
    case .uint8, .int8: 1
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    case .bool, .string, .void: nil
    }
  }
}

/// An image: its size in pixels, and how its bytes are to be read.
package struct ImageType: Hashable, Sendable {
  package enum Channel: String, CaseIterable, Sendable {
    case red, green, blue, black
  }

  package enum Format: String, CaseIterable, Sendable {
    /// Rows from the upper left on, components in their order, big endian.
    case plain
    case png, jpeg
  }

  package struct Component: Hashable, Sendable {
    package var channel: Channel
    /// Of a fixed size.
    package var type: PlainType

    package init(_ channel: Channel, _ type: PlainType) {
      self.channel = channel
      self.type = type
    }
  }

  package var width: Int
  package var height: Int
  /// In the order in which their bytes come.
  package var components: [Component]
  package var format: Format

  package init(width: Int, height: Int, components: [Component], format: Format = .plain) {
    self.width = width
    self.height = height
    self.components = components
    self.format = format
  }

  /// How many bytes a plain image has; nothing for the compressed ones.
  package var byteCount: Int? {
    guard self.format == .plain else { return nil }
    return self.width * self.height * self.components.reduce(0) { $0 + ($1.type.size ?? 0) }
  }
}

extension DataType {
  /// Whether null is a value.
  package var isNullable: Bool {
    switch self {
    case .nullable, .plain(.void): true
    default: false
    }
  }

  /// The type without the nullables around it.
  package var withoutNull: DataType {
    if case .nullable(let underlying) = self { return underlying.withoutNull }
    return self
  }

  /// The columns of a table; nothing for other types.
  package var columns: [Column]? {
    if case .tabular(let columns) = self { return columns }
    return nil
  }

  /// For sentences: "int32", "a tensor", "nullable int32".
  package var name: String {
    switch self {
    case .plain(let type): type.rawValue
    case .tabular: "a table"
    case .tensor: "a tensor"
    case .image: "an image"
    case .nullable(let underlying): "nullable \(underlying.name)"
    case .array: "an array"
    case .structure: "a struct"
    }
  }

  /// Whether values that were written as `other` can be read as this type: the same but for what may
  /// be null, which each value shows.
  package func canRead(_ other: DataType) -> Bool {
    switch (self.withoutNull, other.withoutNull) {
    case (.tabular(let own), .tabular(let theirs)), (.structure(let own), .structure(let theirs)):
      own.count == theirs.count
        && zip(own, theirs).allSatisfy { $0.name.isSame(as: $1.name) && $0.type.canRead($1.type) }
    case (.array(let own), .array(let theirs)): own.canRead(theirs)
    case (let own, let theirs): own == theirs
    }
  }
}
