// convert: the same rows in another form.

internal import Mantik
package import NIOCore
package import OperatorFile

/// 1 to 1. Rows leave as they come; the first that is not of its type ends the task.
///
/// Credit: what came is taken as soon as its rows have been passed on. Only a row that is not whole
/// yet is held beyond that, up to what ``Mantik/RowLimits`` allows.
package struct Convert: BuiltinMachine {
  private var input = InputQueue()
  private var reading = false
  private var converter: Converter
  private var hasEnded = false
  /// What the converter was given and not yet asked all rows of, in bytes.
  private var held = 0

  fileprivate init(_ converter: Converter) {
    self.converter = converter
  }

  package mutating func write(_ bytes: ByteBuffer, input: Int) {
    self.input.append(bytes)
  }

  package mutating func end(input: Int) {
    self.input.end()
  }

  package mutating func setReading(_ reading: Bool, output: Int) {
    self.reading = reading
  }

  package mutating func next() -> BuiltinAction? {
    guard self.reading else { return nil }
    while true {
      do throws(RowError) {
        if let bytes = try self.converter.next() { return .emit(bytes, output: 0) }
      } catch {
        return .failed("convert: \(error)")
      }
      if self.held > 0 {
        defer { self.held = 0 }
        return .took(self.held, input: 0)
      }
      if self.converter.isDone { return .finished }
      if !self.input.isEmpty {
        let bytes = self.input.readFront()
        self.held = bytes.readableBytes
        self.converter.receive(bytes)
      } else if self.input.isDone, !self.hasEnded {
        self.hasEnded = true
        self.converter.end()
      } else {
        return nil
      }
    }
  }
}

/// What `convert` is told by its parameters.
struct ConvertSettings {
  var from: Form?
  var to: Form?
  var type: DataType?

  init(_ parameters: [String: String]) throws(BuiltinError) {
    self.from = try Self.form("from", parameters)
    self.to = try Self.form("to", parameters)
    guard let text = parameters["type"] else { return }
    do throws(MantikError) {
      self.type = try DataType(text: text)
    } catch {
      throw BuiltinError("convert: type= is no type of Mantik: \(error)")
    }
  }

  /// - Throws: where a form is missing, and where these forms cannot have the type.
  func machine() throws(BuiltinError) -> Convert {
    guard let from = self.from else { throw Self.missing("from", "input") }
    guard let to = self.to else { throw Self.missing("to", "output") }
    do throws(RowError) {
      return Convert(try Converter(from: from, to: to, type: self.type))
    } catch {
      throw BuiltinError("convert: \(error)")
    }
  }

  private static func form(
    _ name: String, _ parameters: [String: String]
  ) throws(BuiltinError) -> Form? {
    guard let text = parameters[name] else { return nil }
    guard let form = Form(text) else {
      let names = Form.allCases.map(\.rawValue).joined(separator: ", ")
      throw BuiltinError(
        "convert: \(name)='\(text)' is not one of \(names), or their content types")
    }
    return form
  }

  private static func missing(_ name: String, _ port: String) -> BuiltinError {
    BuiltinError(
      "convert does not know the form of its \(port): neither \(name)= nor a content type says it")
  }
}

extension BuiltinKind {
  /// The parameters, with what the ports say where they say nothing: of `convert`, the forms.
  ///
  /// - Throws: where a port and a parameter name two forms.
  package func parameters(
    _ given: [String: String], completedBy ports: ResolvedPorts
  ) throws(BuiltinError) -> [String: String] {
    guard self == .convert else { return given }
    let settings = try ConvertSettings(given)
    var parameters = given
    for (name, said, port) in [
      ("from", settings.from, ports.inputs.first), ("to", settings.to, ports.outputs.first),
    ] {
      guard let type = port?.contentType, let form = Form(contentType: type) else { continue }
      guard said == nil || said == form else {
        throw BuiltinError("convert: \(name)='\(given[name] ?? "")', and its port is \(type)")
      }
      parameters[name] = form.rawValue
    }
    return parameters
  }
}
