// The small values on the wire: timeouts, percent-encoding, Base64, content types, metadata.

import HTTP2
import NIOCore
import Testing

@testable import GRPC

@Suite struct ValueTests {
  @Test(
    arguments: [
      ("1n", 1), ("0n", 0), ("5u", 5_000), ("7m", 7_000_000), ("2S", 2_000_000_000),
      ("3M", 180_000_000_000), ("1H", 3_600_000_000_000), ("00000001S", 1_000_000_000),
      ("99999999H", Int64.max / 4),
    ])
  func timeoutParses(text: String, nanoseconds: Int64) {
    #expect(GRPCTimeout.parse(text) == .nanoseconds(nanoseconds))
  }

  @Test(arguments: [
    "", "S", "1", "1s", "-1S", "+1S", " 1S", "1 S", "1.5S", "123456789S", "1SS", "١S",
  ])
  func malformedTimeoutsAreRefused(text: String) {
    #expect(GRPCTimeout.parse(text) == nil)
  }

  @Test func timeoutFormatsRoundedUp() {
    let cases: [(TimeAmount, String)] = [
      (.nanoseconds(-5), "1n"), (.nanoseconds(0), "1n"), (.nanoseconds(99_999_999), "99999999n"),
      (.nanoseconds(100_000_001), "100001u"), (.seconds(100), "100000m"),
      (.seconds(30), "30000000u"), (.hours(48), "172800S"), (.nanoseconds(.max), "2562048H"),
    ]
    for (timeout, text) in cases {
      #expect(GRPCTimeout.format(timeout) == text)
      let parsed = GRPCTimeout.parse(text) ?? .nanoseconds(-1)
      #expect(parsed >= min(timeout, .hours(20_000 * 24)))
    }
  }

  @Test func percentEncodingRoundTrips() {
    #expect(PercentEncoding.encode("100% été\n") == "100%25 %C3%A9t%C3%A9%0A")
    for text in ["", "plain text ~", "%", "%%41", "🏔 ünï\u{0}\r\n\u{7F}", "a\u{301}"] {
      let encoded = PercentEncoding.encode(text)
      #expect(encoded.utf8.allSatisfy { $0 >= 0x20 && $0 <= 0x7E })
      #expect(PercentEncoding.decode(encoded) == text)
    }
  }

  @Test func percentDecodingTakesAnything() {
    #expect(PercentEncoding.decode("%") == "%")
    #expect(PercentEncoding.decode("%4") == "%4")
    #expect(PercentEncoding.decode("%zz%41%6a") == "%zzAj")
    #expect(PercentEncoding.decode("%ff") == "\u{FFFD}")
  }

  @Test func longMessagesLoseTheirMiddleBetweenCharacters() {
    let text = "ab" + String(repeating: "é", count: 1000) + "yz"
    for limit in 0..<100 {
      let cut = PercentEncoding.encode(text, limit: limit)
      #expect(cut.utf8.count <= limit)
      guard limit > 11 else { continue }
      // An é is six bytes.
      #expect(cut.utf8.count > limit - 6)
      let parts = PercentEncoding.decode(cut).split(
        separator: PercentEncoding.omission, omittingEmptySubsequences: false)
      #expect(parts.count == 2 && text.hasPrefix(parts[0]) && text.hasSuffix(parts[1]))
    }
    #expect(PercentEncoding.encode("short", limit: 5) == "short")
    #expect(PercentEncoding.encode("too long a text", limit: 14) == "t %E2%80%A6 xt")
  }

  /// Hop after hop puts its words before those of the one behind it: the cause outlives them all.
  @Test func theCauseOutlivesManyHops() {
    var message = "the operator exited with code 3"
    for hop in 0..<100 {
      message = PercentEncoding.decode(
        PercentEncoding.encode(
          "node \(hop), session s, task t, output 0 at byte 4711: " + message,
          limit: GRPCStatus.maximumEncodedMessage))
    }
    #expect(message.hasPrefix("node 99, session s, ") && message.hasSuffix("exited with code 3"))
  }

  @Test func base64KnowsTheRFCsVectors() {
    let vectors = [
      "": "", "f": "Zg==", "fo": "Zm8=", "foo": "Zm9v", "foob": "Zm9vYg==", "fooba": "Zm9vYmE=",
      "foobar": "Zm9vYmFy",
    ]
    for (plain, encoded) in vectors {
      let unpadded = String(encoded.prefix { $0 != "=" })
      #expect(Base64.encode(Array(plain.utf8), padded: true) == encoded)
      #expect(Base64.encode(Array(plain.utf8), padded: false) == unpadded)
      #expect(Base64.decode(encoded) == Array(plain.utf8))
      #expect(Base64.decode(unpadded) == Array(plain.utf8))
    }
    let all = Array(UInt8.min...UInt8.max)
    #expect(Base64.decode(Base64.encode(all, padded: false)) == all)
  }

  @Test(arguments: ["A", "=", "Zg=", "Zg===", "Z=g=", "Zm9v=", "Zh", "Z g=", "Zm-v", "Zg==Zg=="])
  func base64RefusesOtherText(text: String) {
    #expect(Base64.decode(text) == nil)
  }

  @Test func contentTypes() {
    for good in [
      "application/grpc", "application/grpc+proto", "Application/GRPC",
      "application/grpc;charset=utf-8", "application/grpc+proto ; x=y",
    ] { #expect(ContentType.isGRPC(good), "\(good)") }
    for bad in [
      "", "text/html", "application/grpc+json", "application/grpc-web", "application/grpcx",
      "application/json",
    ] { #expect(!ContentType.isGRPC(bad), "\(bad)") }
  }
}

@Suite struct MetadataTests {
  @Test func keepsOrderAndRoundTrips() throws {
    var metadata = Metadata()
    try metadata.add("headrace", "1; features=await")
    try metadata.add("raw-bin", bytes: [0, 255, 1])
    try metadata.add("headrace", "2")
    var fields: [HTTPField] = []
    metadata.append(to: &fields)
    #expect(fields.map(\.name) == ["headrace", "raw-bin", "headrace"])
    #expect(fields[1].value == "AP8B")
    #expect(try Metadata(received: fields, limit: 1000) == metadata)
    #expect(metadata["headrace"] == "1; features=await")
    #expect(metadata.bytes("raw-bin") == [0, 255, 1])
    #expect(metadata["absent"] == nil && metadata.bytes("headrace") == nil)
  }

  @Test func binaryValuesPaddedOrNotAndJoined() throws {
    let fields = [HTTPField("x-bin", "Zg==,Zg, Zm8=,,Zm9v")]
    let values = try Metadata(received: fields, limit: 1000).entries.map(\.value)
    let expected: [Metadata.Value] = ["f", "f", "fo", "", "foo"].map { .bytes(Array($0.utf8)) }
    #expect(values == expected)
    #expect(throws: GRPCStatus(.internalError, "the metadata 'x-bin' is not Base64")) {
      try Metadata(received: [HTTPField("x-bin", "?")], limit: 1000)
    }
  }

  @Test func reservedFieldsAreNoMetadata() throws {
    let fields = [":path", "te", "content-type", "user-agent", "grpc-timeout", "host", "mine"]
      .map { HTTPField($0, "v") }
    #expect(try Metadata(received: fields, limit: 1000).entries.map(\.name) == ["mine"])
  }

  @Test func theLimitCountsAsHTTP2Does() throws {
    let fields = [HTTPField("ab", "cd"), HTTPField("ef", "gh")]
    #expect(try Metadata(received: fields, limit: 72).entries.count == 2)
    #expect(throws: GRPCStatus(.resourceExhausted, "metadata larger than 71 bytes")) {
      try Metadata(received: fields, limit: 71)
    }
  }

  @Test func namesAndValuesAreChecked() {
    for name in ["", "Upper", "a b", "grpc-x", ":path", "te", "x-bin", "ü"] {
      #expect(throws: GRPCStatus.self) {
        var metadata = Metadata()
        try metadata.add(name, "v")
      }
    }
    for value in ["\n", "ü", "\u{7F}"] {
      #expect(throws: GRPCStatus.self) {
        var metadata = Metadata()
        try metadata.add("x", value)
      }
    }
    #expect(throws: GRPCStatus.self) {
      var metadata = Metadata()
      try metadata.add("x", bytes: [])
    }
  }
}
