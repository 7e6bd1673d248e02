// Exit codes, and the way to them.

internal import ArgumentParser
internal import Client
internal import Logging
internal import MNP
internal import OperatorFile
internal import Pipeline

#if canImport(Glibc)
  internal import Glibc
#endif

/// The codes that scripts rely on (sysexits where there is one for it).
enum Exit {
  static let usage: Int32 = 64
  static let fileIsWrong: Int32 = 65
  static let peerNotReachable: Int32 = 69
  static let ourBug: Int32 = 70
  static let deadline: Int32 = 75
  static let operatorFailed: Int32 = 10
  static let dataBroken: Int32 = 11
  static let interrupted: Int32 = 130

  static func code(for error: MNPClientError) -> Int32 {
    switch error.code {
    case .unavailable: peerNotReachable
    case .deadlineExceeded: deadline
    case .aborted: operatorFailed
    case .cancelled, .dataLoss: dataBroken
    case .internalError, .unknown, .unimplemented: dataBroken
    default: usage
    }
  }

  static func code(for failure: Failure?) -> Int32 {
    switch failure?.kind {
    case .input, .output, .forward, .cancelled: dataBroken
    case .timeout: deadline
    default: operatorFailed
    }
  }

  static func code(for failure: RunFailure) -> Int32 {
    switch failure.kind {
    case .operatorFailed, .circle: operatorFailed
    case .dataBroken: dataBroken
    case .unreachable: peerNotReachable
    case .deadline: deadline
    case .fileIsWrong: fileIsWrong
    case .cancelled: interrupted
    }
  }

  /// Ends the process without another word. What it held is the kernel's and the keeper's to clear.
  static func now(_ code: Int32) -> Never {
    exit(code)
  }

  /// Says what went wrong on standard error, and ends the process.
  static func end(with error: any Error) -> Never {
    switch error {
    case let error as UsageError:
      say(error.description)
      exit(usage)
    case let error as FileErrors:
      say(error.description)
      exit(fileIsWrong)
    case let error as MNPClientError:
      say(error.description)
      exit(code(for: error))
    case let error as FileFailure:
      say(error.description)
      exit(fileIsWrong)
    case let error as RunFailure:
      say(error.description)
      exit(code(for: error))
    case let error as CommandFailure:
      say(error.description)
      exit(error.code)
    case is ExitCode, is CleanExit, is ValidationError:
      Headrace.exit(withError: error)
    default:
      // --help, --version and what the parser refuses are the parser's to say.
      if Headrace.exitCode(for: error) != .failure { Headrace.exit(withError: error) }
      say("\(error)")
      exit(ourBug)
    }
  }

  static func say(_ text: String) {
    if LogOptions.isJSONWanted {
      var logger = Logger(label: "headrace") { StandardErrorLog(label: $0, format: .json) }
      logger.logLevel = .error
      return logger.error("\(text)")
    }
    let line = Array("headrace: \(text)\n".utf8)
    _ = line.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
  }
}

/// A failure whose code the command itself knows.
struct CommandFailure: Error, CustomStringConvertible {
  var code: Int32
  var description: String
}
