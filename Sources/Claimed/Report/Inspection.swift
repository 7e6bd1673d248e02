// What `headrace operator inspect` has to say about one file.

/// Both readings of an operator.
package struct Inspection: Sendable {
  package enum Compiled: Equatable, Sendable {
    case differs([InterfaceDifference])
    case crashes(C3Crash)
  }

  package let file: String
  package let interface: OperatorInterface
  /// What C3 makes of the same file.
  package let compiled: Compiled

  package init(_ source: OperatorSource) {
    file = source.path
    interface = source.interface()
    do throws(C3Crash) {
      compiled = .differs(InterfaceDifference.all(interface, try source.c3Interface()))
    } catch {
      compiled = .crashes(error)
    }
  }
}
