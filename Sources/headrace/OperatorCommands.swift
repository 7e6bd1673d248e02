// headrace operator: operators as people have them.

internal import ArgumentParser
internal import Claimed
internal import OperatorFile

struct OperatorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "operator", abstract: "Looks at operators as they are.",
    subcommands: [Inspect.self])
}

/// How a file is read.
enum ReadingStyle: String, ExpressibleByArgument, CaseIterable {
  case c3
}

struct Inspect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says what an operator's interface is: a Python script, a notebook or an R script.",
    discussion: """
      Name, description, requirements, parameters, outputs, and for each path how it may become a \
      port. Nothing of the operator is run. What CLAIMED's compiler, C3, reads otherwise is listed; \
      with --as c3 the interface is C3's, and where C3 crashes the exit code is 65.

      headrace operator inspect trend.py
      """)

  @Argument(help: "FILE.py, FILE.ipynb or FILE.R")
  var file: String

  @Flag(help: "The answer as JSON.")
  var json = Twin.flag("JSON")

  @Option(name: .customLong("as"), help: "c3: reads the file as CLAIMED's compiler does.")
  var style: ReadingStyle?

  func run() async throws {
    let source = try OperatorSource(reading: try path(file, flag: "inspect"))
    switch style ?? Twin.optional("AS") {
    case .c3:
      let interface: C3Interface
      do throws(C3Crash) {
        interface = try source.c3Interface()
      } catch {
        throw CommandFailure(code: Exit.fileIsWrong, description: "\(file): \(error)")
      }
      print(json ? try interface.json() : interface.text, terminator: "")
    case nil:
      let inspection = Inspection(source)
      print(json ? try inspection.json() : inspection.text, terminator: "")
    }
  }
}
