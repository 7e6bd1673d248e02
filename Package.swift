// swift-tools-version: 6.2
import PackageDescription

/// Warnings are errors in every target of ours; a dependency's warnings stay its own.
let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
]
let strictC: [CSetting] = [.treatAllWarnings(as: .error)]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioConcurrency = Target.Dependency.product(name: "NIOConcurrencyHelpers", package: "swift-nio")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

/// A Swift target under Sources/, with the settings that all of them share.
func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// A test target under Tests/, named after what it tests.
func tests(
  of name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, exclude: exclude,
    swiftSettings: strict)
}

let package = Package(
  name: "headrace",
  products: [
    .executable(name: "headrace", targets: ["headrace"]),
    .library(name: "HeadraceClient", targets: ["Client", "MNP"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
  ],
  // In the order in which a byte meets them; nothing imports upwards.
  targets: [
    .systemLibrary(
      name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
    .systemLibrary(
      name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CISAL", pkgConfig: "libisal", providers: [.apt(["libisal-dev"])]),
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .target(name: "CMNP", dependencies: ["CProtobufC"]),
    .target(name: "CSpawn", cSettings: strictC),

    library("HTTP2", ["CNghttp2", nioCore]),
    library("GRPC", ["HTTP2", nioCore]),
    library("MNP", ["CMNP", "CISAL", nioCore]),
    library("Sessions", ["MNP"]),
    library("OperatorFile", ["MNP", "CYAML"]),
    library("Mantik", ["OperatorFile", nioCore]),
    library("Claimed", ["OperatorFile"]),
    library(
      "Transport",
      ["HTTP2", "GRPC", nioCore, nioPosix, nioConcurrency]),
    library("Client", ["Transport", "GRPC", "MNP", nioCore, nioPosix, nioConcurrency, logging]),
    library("Operators", ["CSpawn", nioCore, nioPosix, nioConcurrency, logging]),
    library("Builtins", ["CSpawn", "Operators", "OperatorFile", "Mantik", nioCore, nioPosix]),
    library(
      "Node",
      [
        "Transport", "HTTP2", "GRPC", "MNP", "Sessions", "Operators", "Builtins", "OperatorFile",
        "Client",
        nioCore, nioPosix, nioConcurrency, logging,
      ]),
    library(
      "Pipeline",
      [
        "Client", "MNP", "OperatorFile", "Operators", "GRPC", "Transport", nioCore, nioPosix,
        nioConcurrency, logging, "CCrypto",
      ]),
    library(
      "Bench",
      [
        "Client", "MNP", "Transport", "GRPC", "Pipeline", "Operators", "Builtins", nioCore,
        nioPosix, nioConcurrency,
      ]),
    .executableTarget(
      name: "headrace",
      dependencies: [
        "Bench", "Pipeline", "Node", "Client", "MNP", "OperatorFile", "Operators", "Builtins",
        "Claimed", "GRPC", "Transport", "CSpawn", nioCore, nioPosix, nioConcurrency, logging,
        arguments,
      ],
      swiftSettings: strict),

    // Parts of a node's work by themselves, for Benchmarks/allocations. No product: nobody installs it.
    .executableTarget(
      name: "MicroBenchmarks",
      dependencies: ["Bench", "Operators", "Sessions", "GRPC", "MNP", nioCore, nioPosix],
      path: "Tests/MicroBenchmarks", swiftSettings: strict),

    // Not products: the state machines under a simulator, and its command (scripts/simulate).
    .target(
      name: "Simulator", dependencies: ["Sessions", "HTTP2", "Transport", nioCore],
      path: "Tests/Simulator", swiftSettings: strict),
    .executableTarget(
      name: "simulate", dependencies: ["Simulator"], path: "Tests/Simulate", swiftSettings: strict),

    tests(of: "Simulator"),
    tests(of: "HTTP2", [nioCore]),
    tests(of: "GRPC", ["HTTP2", nioCore]),
    tests(of: "MNP", ["CMNP", nioCore]),
    tests(of: "Sessions", ["Simulator"]),
    tests(of: "Client", ["Transport", "GRPC", "MNP", nioCore, nioPosix, nioConcurrency]),
    tests(of: "Builtins", ["Operators", "OperatorFile", nioCore, nioEmbedded, nioPosix]),
    tests(of: "OperatorFile"),
    tests(of: "Mantik", [nioCore]),
    tests(of: "Claimed", ["OperatorFile"], exclude: ["Golden", "Compiler"]),
    tests(of: "Pipeline", ["MNP", "OperatorFile", nioCore]),
    tests(
      of: "Node",
      [
        "Client", "Transport", "HTTP2", "GRPC", "MNP", "OperatorFile", nioCore, nioPosix,
        nioConcurrency, logging,
      ]),
    tests(of: "Operators", [nioCore, nioPosix, nioConcurrency, logging]),
    tests(
      of: "Transport", ["GRPC", "HTTP2", nioCore, nioPosix, nioEmbedded, nioConcurrency]),
    tests(of: "Bench"),

    // What the fuzzers do with an input; the tests replay the inputs that are kept.
    .target(
      name: "FuzzBodies",
      dependencies: [
        "HTTP2", "GRPC", "MNP", "CMNP", "OperatorFile", "Mantik", "Pipeline", nioCore,
      ],
      path: "Tests/Fuzz/Bodies", swiftSettings: strict),
    .testTarget(name: "FuzzTests", dependencies: ["FuzzBodies"], swiftSettings: strict),
  ] + fuzzers()
)

/// The fuzzers' executable, which only scripts/fuzz can link: libFuzzer comes from its command line.
func fuzzers() -> [Target] {
  guard Context.environment["HEADRACE_FUZZ"] != nil else { return [] }
  return [
    .executableTarget(
      name: "headrace-fuzz", dependencies: ["FuzzBodies"], path: "Tests/Fuzz/Driver",
      swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])])
  ]
}
