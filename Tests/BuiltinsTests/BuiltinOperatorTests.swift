// The adapter: when it calls back, in which order, and how it ends, on a loop whose time is ours.

import NIOCore
import NIOEmbedded
import OperatorFile
import Operators
import Testing

@testable import Builtins

/// Writes down what the operator reports, and can answer from within a report.
private final class Recorder: OperatorDelegate {
  enum Event: Equatable {
    case took(Int, input: Int)
    case wrote(Int, output: Int)
    case drained(output: Int)
    case exited(OperatorExit)
    case other(String)
  }

  var events: [Event] = []
  var bytes: [UInt8] = []
  var onWrote: (() -> Void)?

  func operatorTook(_ bytes: Int, input: Int) { self.events.append(.took(bytes, input: input)) }

  func operatorClosed(input: Int, unread: Int) { self.events.append(.other("closed")) }

  func operatorWrote(_ bytes: ByteBuffer, output: Int) {
    self.events.append(.wrote(bytes.readableBytes, output: output))
    self.bytes += Array(bytes.readableBytesView)
    self.onWrote?()
  }

  func operatorDrained(output: Int) { self.events.append(.drained(output: output)) }

  func operatorLost(output: Int, reason: String) { self.events.append(.other(reason)) }

  func operatorLogged(_ line: String) { self.events.append(.other(line)) }

  func operatorExited(_ exit: OperatorExit) { self.events.append(.exited(exit)) }
}

struct BuiltinOperatorTests {
  private let loop = EmbeddedEventLoop()
  private let recorder = Recorder()

  private func make(
    _ kind: BuiltinKind, _ parameters: [String: String] = [:], inputs: Int, outputs: Int
  ) throws -> BuiltinOperator {
    let made = try BuiltinOperator.make(
      kind, parameters: parameters, inputs: inputs, outputs: outputs, on: self.loop)
    made.delegate = self.recorder
    return made
  }

  @Test func nothingIsReportedFromWithinStart() throws {
    let echo = try self.make(.echo, inputs: 1, outputs: 1)
    echo.setReading(true, output: 0)
    echo.start()
    echo.write(ByteBuffer(string: "early"), input: 0)
    echo.end(input: 0)
    #expect(self.recorder.events.isEmpty)
    self.loop.run()
    #expect(
      self.recorder.events == [
        .wrote(5, output: 0), .took(5, input: 0), .drained(output: 0), .exited(.success),
      ])
  }

  @Test func aReaderThatPausesFromWithinAReportIsHeard() throws {
    let echo = try self.make(.echo, inputs: 1, outputs: 1)
    echo.start()
    self.loop.run()
    echo.write(ByteBuffer(string: "first"), input: 0)
    echo.write(ByteBuffer(string: "second"), input: 0)
    self.recorder.onWrote = { echo.setReading(false, output: 0) }
    echo.setReading(true, output: 0)
    #expect(self.recorder.events == [.wrote(5, output: 0), .took(5, input: 0)])
    echo.setReading(true, output: 0)
    #expect(self.recorder.bytes == Array("firstsecond".utf8))
  }

  @Test func writesFromWithinAReportKeepTheirOrder() throws {
    let echo = try self.make(.echo, inputs: 1, outputs: 1)
    echo.start()
    echo.setReading(true, output: 0)
    self.loop.run()
    var left = ["b", "c"]
    self.recorder.onWrote = {
      if !left.isEmpty { echo.write(ByteBuffer(string: left.removeFirst()), input: 0) }
    }
    echo.write(ByteBuffer(string: "a"), input: 0)
    #expect(self.recorder.bytes == Array("abc".utf8))
    #expect(
      self.recorder.events == [
        .wrote(1, output: 0), .took(1, input: 0), .wrote(1, output: 0), .took(1, input: 0),
        .wrote(1, output: 0), .took(1, input: 0),
      ])
  }

  @Test func aCancelledBuiltinEndsAsBySIGTERM() throws {
    let tee = try self.make(.tee, inputs: 1, outputs: 2)
    tee.start()
    self.loop.run()
    tee.write(ByteBuffer(string: "held"), input: 0)
    tee.cancel()
    #expect(self.recorder.events.isEmpty)
    tee.cancel()
    tee.setReading(true, output: 0)
    tee.setReading(true, output: 1)
    tee.write(ByteBuffer(string: "more"), input: 0)
    tee.end(input: 0)
    self.loop.run()
    #expect(
      self.recorder.events == [.drained(output: 0), .drained(output: 1), .exited(.signal(15))])
  }

  @Test func cancelBeforeTheFirstTurn() throws {
    let generate = try self.make(.generate, inputs: 0, outputs: 1)
    generate.setReading(true, output: 0)
    generate.start()
    generate.cancel()
    self.loop.run()
    #expect(self.recorder.events == [.drained(output: 0), .exited(.signal(15))])
  }

  @Test func cancelFromWithinAReport() throws {
    let generate = try self.make(.generate, inputs: 0, outputs: 1)
    generate.setReading(true, output: 0)
    generate.start()
    self.recorder.onWrote = { generate.cancel() }
    self.loop.run()
    #expect(
      self.recorder.events == [
        .wrote(262_144, output: 0), .drained(output: 0), .exited(.signal(15)),
      ])
  }

  @Test func anEndlessSourceLeavesTheLoopItsTurns() throws {
    let generate = try self.make(.generate, inputs: 0, outputs: 1)
    generate.setReading(true, output: 0)
    generate.start()
    var turns = 0
    var cancelLater: (() -> Void)?
    cancelLater = {
      turns += 1
      if turns == 3 { return generate.cancel() }
      self.loop.assumeIsolated().execute { cancelLater?() }
    }
    self.loop.assumeIsolated().execute { cancelLater?() }
    self.loop.run()
    let written = self.recorder.bytes.count
    #expect(written >= 1 << 20 && written <= 4 << 20)
    #expect(self.recorder.events.last == .exited(.signal(15)))
  }

  @Test func throttleGoesByTheLoopsClock() throws {
    let throttle = try self.make(.throttle, ["rate": "1K"], inputs: 1, outputs: 1)
    throttle.start()
    throttle.setReading(true, output: 0)
    self.loop.run()
    throttle.write(ByteBuffer(repeating: 1, count: 2048), input: 0)
    throttle.end(input: 0)
    #expect(self.recorder.bytes.isEmpty)
    self.loop.advanceTime(by: .seconds(1))
    #expect((1013...1024).contains(self.recorder.bytes.count))
    self.loop.advanceTime(by: .milliseconds(990))
    #expect(self.recorder.events.last != .exited(.success))
    self.loop.advanceTime(by: .milliseconds(10))
    #expect(self.recorder.bytes.count == 2048)
    #expect(self.recorder.events.suffix(2) == [.drained(output: 0), .exited(.success)])
  }

  @Test func aCancelledThrottleLeavesNoTimer() throws {
    let throttle = try self.make(.throttle, ["rate": "1"], inputs: 1, outputs: 1)
    throttle.start()
    throttle.setReading(true, output: 0)
    self.loop.run()
    throttle.write(ByteBuffer(repeating: 1, count: 10), input: 0)
    throttle.cancel()
    self.loop.advanceTime(by: .seconds(5))
    #expect(self.recorder.bytes.isEmpty)
    #expect(self.recorder.events == [.drained(output: 0), .exited(.signal(15))])
  }

  @Test func withoutADelegateNothingHappens() throws {
    var recorder: Recorder? = Recorder()
    let generate = try self.make(.generate, inputs: 0, outputs: 1)
    generate.delegate = recorder
    generate.setReading(true, output: 0)
    generate.start()
    recorder = nil
    self.loop.run()
    #expect(recorder == nil)
  }
}
