// Starts an operator's program with its ports in place.

internal import Glibc

/// A started program, and our ends of its pipes.
struct Launch: Sendable {
  let group: Int32
  /// By port number: write ends of inputs by stdin and fd.
  let inputs: [Int: Descriptor]
  /// By port number: pipes of outputs by stdout and fd.
  let outputs: [Int: PipeEnds]
  let standardError: PipeEnds
  /// Standard output when it is no port.
  let log: PipeEnds?

  /// Blocks until the program has executed. When that fails nothing of it is left.
  init(
    _ command: OperatorCommand, preparation: Preparation, resources: OperatorResources,
    onEnd: @escaping @Sendable (ChildEnd) -> Void
  ) throws(OperatorFailure) {
    var plan: Plan
    do throws(SystemError) {
      plan = try Plan(command, preparation: preparation)
    } catch {
      throw OperatorFailure(error)
    }
    let request = ChildRequest(
      command: command.command, environment: plan.environment,
      workingDirectory: command.workingDirectory, descriptors: plan.childEnds.map(\.number))
    group = try resources.watcher.spawn(request, keeper: resources.keeper, onEnd: onEnd)
    // The child has its copies; an input whose reader is gone must be seen as such.
    for descriptor in plan.childInputs { descriptor.close() }
    inputs = plan.inputs
    outputs = plan.outputs
    standardError = plan.standardError
    log = plan.log
  }

  /// Every pipe, and which descriptor of the child is what.
  private struct Plan {
    var environment: [String: String]
    /// childEnds[i] becomes the child's descriptor i.
    var childEnds: [Descriptor]
    /// Those of them that nobody but the child may keep open.
    var childInputs: [Descriptor] = []
    var inputs: [Int: Descriptor] = [:]
    var outputs: [Int: PipeEnds] = [:]
    let standardError: PipeEnds
    var log: PipeEnds?

    init(_ command: OperatorCommand, preparation: Preparation) throws(SystemError) {
      environment = command.environment
      standardError = try PipeEnds()
      let stdin = try Self.standardInput(command, &inputs)
      let stdout = try Self.standardOutput(command, &outputs, &log)
      childEnds = [stdin, stdout, standardError.writeEnd]
      childInputs = [stdin]
      for (index, port) in command.inputs.enumerated() where port.via == .fd {
        let pipe = try PipeEnds()
        environment[command.inputVariable(index)] = "/dev/fd/\(childEnds.count)"
        inputs[index] = pipe.writeEnd
        childEnds.append(pipe.readEnd)
        childInputs.append(pipe.readEnd)
      }
      for (index, port) in command.outputs.enumerated() where port.via == .fd {
        let pipe = try PipeEnds()
        environment[command.outputVariable(index)] = "/dev/fd/\(childEnds.count)"
        outputs[index] = pipe
        childEnds.append(pipe.writeEnd)
      }
      for (index, path) in preparation.inputPaths {
        environment[command.inputVariable(index)] = path
      }
      for (index, path) in preparation.outputPaths {
        environment[command.outputVariable(index)] = path
      }
    }

    private static func standardInput(
      _ command: OperatorCommand, _ inputs: inout [Int: Descriptor]
    ) throws(SystemError) -> Descriptor {
      guard let index = command.inputs.firstIndex(where: { $0.via == .stdin }) else {
        return try Descriptor.open("/dev/null", O_RDONLY)
      }
      let pipe = try PipeEnds()
      inputs[index] = pipe.writeEnd
      return pipe.readEnd
    }

    private static func standardOutput(
      _ command: OperatorCommand, _ outputs: inout [Int: PipeEnds], _ log: inout PipeEnds?
    ) throws(SystemError) -> Descriptor {
      let pipe = try PipeEnds()
      if let index = command.outputs.firstIndex(where: { $0.via == .stdout }) {
        outputs[index] = pipe
      } else {
        log = pipe
      }
      return pipe.writeEnd
    }
  }
}
