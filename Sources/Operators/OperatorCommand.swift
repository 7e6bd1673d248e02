// The command of an operator: what runs, where, with which environment, and how its ports are bound.

package import NIOCore

/// How an operator's port reaches its program.
package struct PortBinding: Sendable, Hashable {
  package enum Via: String, Sendable, Hashable {
    /// Standard input; of one input at most.
    case stdin
    /// Standard output; of one output at most. Without such an output it goes to the log.
    case stdout
    /// An inherited pipe; the variable says /dev/fd/N.
    case fd
    /// A named pipe; the variable says its path.
    case fifo
    /// A file; the variable says its path. An input is whole before the program starts, an output
    /// is sent after it has exited 0.
    case file
    /// The program does not know of the port: an input is dropped, an output stays empty.
    case none
  }

  package var name: String
  package var via: Via
  /// The environment variable that gets the path; nil for HEADRACE_INPUT_i or HEADRACE_OUTPUT_i.
  package var variable: String?

  package init(name: String = "", via: Via, variable: String? = nil) {
    self.name = name
    self.via = via
    self.variable = variable
  }
}

/// A command with all that a task needs to run it.
package struct OperatorCommand: Sendable, Hashable {
  /// The program and its arguments. A name without `/` is looked up in the environment's PATH.
  package var command: [String]
  /// The complete environment; the variables of ports are added to it.
  package var environment: [String: String]
  package var workingDirectory: String
  /// In the order of the port numbers.
  package var inputs: [PortBinding]
  package var outputs: [PortBinding]
  /// Between SIGTERM and SIGKILL.
  package var grace: TimeAmount

  package init(
    command: [String], environment: [String: String], workingDirectory: String,
    inputs: [PortBinding] = [], outputs: [PortBinding] = [], grace: TimeAmount = .seconds(10)
  ) {
    self.command = command
    self.environment = environment
    self.workingDirectory = workingDirectory
    self.inputs = inputs
    self.outputs = outputs
    self.grace = grace
  }
}

extension OperatorCommand {
  /// What makes the command impossible, whatever the machine is like.
  func validate() throws(OperatorFailure) {
    guard let program = command.first, !program.isEmpty else {
      throw OperatorFailure("the command is empty")
    }
    let stdins = inputs.count { $0.via == .stdin }
    let stdouts = outputs.count { $0.via == .stdout }
    guard stdins <= 1, !outputs.contains(where: { $0.via == .stdin }) else {
      throw OperatorFailure("only one port, an input, can be standard input")
    }
    guard stdouts <= 1, !inputs.contains(where: { $0.via == .stdout }) else {
      throw OperatorFailure("only one port, an output, can be standard output")
    }
    // C strings end at NUL: what comes after it would silently be lost.
    for argument in command where argument.utf8.contains(0) {
      throw OperatorFailure("an argument of \(program) contains a NUL character")
    }
    for (name, value) in environment {
      guard !name.isEmpty, !name.utf8.contains(0), !name.utf8.contains(UInt8(ascii: "=")) else {
        throw OperatorFailure("not a name of an environment variable: '\(name)'")
      }
      guard !value.utf8.contains(0) else {
        throw OperatorFailure("the environment variable \(name) contains a NUL character")
      }
    }
  }

  /// Whether the task needs a folder of its own.
  var needsFolder: Bool {
    (inputs + outputs).contains { $0.via == .fifo || $0.via == .file }
  }

  /// Whether data will be stored there, not just named pipes.
  var storesData: Bool { (inputs + outputs).contains { $0.via == .file } }

  func inputVariable(_ index: Int) -> String {
    inputs[index].variable ?? "HEADRACE_INPUT_\(index)"
  }

  func outputVariable(_ index: Int) -> String {
    outputs[index].variable ?? "HEADRACE_OUTPUT_\(index)"
  }

  /// For messages: "output 1 (log)".
  func describeInput(_ index: Int) -> String { Self.describe("input", index, inputs[index].name) }

  func describeOutput(_ index: Int) -> String {
    Self.describe("output", index, outputs[index].name)
  }

  private static func describe(_ kind: String, _ index: Int, _ name: String) -> String {
    name.isEmpty ? "\(kind) \(index)" : "\(kind) \(index) (\(name))"
  }
}
