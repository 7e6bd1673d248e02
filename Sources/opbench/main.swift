import Glibc
import NIOCore
import NIOPosix
import Operators

final class Bench: OperatorDelegate {
  let op: ProcessOperator
  let loop: any EventLoop
  let total: Int
  var sent = 0, credit = 0, got = 0, chunks = 0
  var chunk: ByteBuffer
  let done: EventLoopPromise<Void>
  let window: Int
  init(op: ProcessOperator, loop: any EventLoop, total: Int, window: Int, chunk: Int, done: EventLoopPromise<Void>) {
    self.op = op; self.loop = loop; self.total = total; self.done = done; self.window = window
    self.chunk = ByteBuffer(repeating: 7, count: chunk)
    credit = window
  }
  func pump() {
    while sent < total, credit >= chunk.readableBytes {
      op.write(chunk, input: 0); sent += chunk.readableBytes; credit -= chunk.readableBytes
    }
    if sent >= total { op.end(input: 0) }
  }
  func operatorTook(_ bytes: Int, input: Int) { credit += bytes; pump() }
  func operatorClosed(input: Int, unread: Int) { print("closed", unread) }
  func operatorWrote(_ bytes: ByteBuffer, output: Int) { got += bytes.readableBytes; chunks += 1 }
  func operatorDrained(output: Int) { }
  func operatorLogged(_ line: String) { print(line) }
  func operatorExited(_ exit: OperatorExit) { print(exit); done.succeed(()) }
}
let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
let loop = group.next()
let total = Int(CommandLine.arguments[1])! << 20
let window = Int(CommandLine.arguments[2])! << 10
let chunk = Int(CommandLine.arguments[3])!
let cmd = Array(CommandLine.arguments[4...])
func cpu(_ w: Int32) -> Double { var u = rusage(); getrusage(__rusage_who_t(w), &u); return Double(u.ru_utime.tv_sec) + Double(u.ru_utime.tv_usec)/1e6 + Double(u.ru_stime.tv_sec) + Double(u.ru_stime.tv_usec)/1e6 }
let start = NIODeadline.now()
let p = loop.makePromise(of: Void.self)
let f: EventLoopFuture<NIOLoopBound<Bench>> = loop.submit {
  let op = ProcessOperator(command: OperatorCommand(command: cmd, environment: ["PATH": "/usr/bin:/bin"], workingDirectory: "/", inputs: [.init(via: .stdin)], outputs: [.init(via: .stdout)]), eventLoop: loop)
  let b = Bench(op: op, loop: loop, total: total, window: window, chunk: chunk, done: p)
  op.delegate = b
  op.start(); op.setReading(true, output: 0); b.pump()
  return NIOLoopBound(b, eventLoop: loop)
}
let b = try f.wait()
try p.futureResult.wait()
let s = Double((NIODeadline.now() - start).nanoseconds) / 1e9
try loop.submit { print("GB/s \(Double(b.value.got)/s/1e9) chunks \(b.value.chunks) avg \(b.value.got / max(1,b.value.chunks)) cpu self \(cpu(0)) children \(cpu(-1)) wall \(s)") }.wait()
