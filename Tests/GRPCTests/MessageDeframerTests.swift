// Deframing: every transcript whole, and cut at every offset, gives the same messages.

import NIOCore
import Testing

@testable import GRPC

/// What a transcript comes to, with fragments joined: cuts may not show.
struct Transcript: Equatable {
  var messages: [[UInt8]] = []
  var unfinished: [UInt8]?
  var error: GRPCStatus?
  var endError: GRPCStatus?

  init(_ chunks: [[UInt8]], limit: Int = 1 << 20, encoding: MessageEncoding = .identity) {
    var deframer = MessageDeframer(maximumLength: limit, encoding: encoding, isServer: true)
    do throws(GRPCStatus) {
      for chunk in chunks {
        var bytes = ByteBuffer(bytes: chunk)
        while let part = try deframer.next(from: &bytes) { self.take(part) }
        #expect(bytes.readableBytes == 0)
      }
    } catch {
      self.error = error
    }
    do throws(GRPCStatus) { try deframer.finish() } catch { self.endError = error }
  }

  private mutating func take(_ part: MessagePart) {
    switch part {
    case .begin(let length):
      #expect(self.unfinished == nil)
      self.unfinished = []
      self.unfinished?.reserveCapacity(length)
    case .fragment(let fragment):
      #expect(fragment.readableBytes > 0)
      self.unfinished?.append(contentsOf: fragment.readableBytesView)
    case .end:
      if let message = self.unfinished { self.messages.append(message) }
      self.unfinished = nil
    }
  }
}

func framed(_ payload: [UInt8], flag: UInt8 = 0, length: UInt32? = nil) -> [UInt8] {
  let length = length ?? UInt32(payload.count)
  return [flag] + withUnsafeBytes(of: length.bigEndian, Array.init) + payload
}

/// Whole, byte by byte, in two pieces at each offset, and in three around each offset.
func cuts(_ bytes: [UInt8]) -> [[[UInt8]]] {
  var all: [[[UInt8]]] = [[bytes], bytes.map { [$0] }]
  for cut in 0...bytes.count {
    all.append([Array(bytes[..<cut]), Array(bytes[cut...])])
    let end = min(cut + 3, bytes.count)
    all.append([Array(bytes[..<cut]), Array(bytes[cut..<end]), Array(bytes[end...])])
  }
  return all
}

@Suite struct MessageDeframerTests {
  @Test func anyCutGivesTheSameMessages() {
    let payloads: [[UInt8]] = [[], [7], Array("hello".utf8), [], Array(0...40)]
    for chunks in cuts(payloads.flatMap { framed($0) }) {
      let transcript = Transcript(chunks)
      #expect(transcript.messages == payloads)
      #expect(transcript.error == nil && transcript.endError == nil)
    }
  }

  @Test func anEndInsideAMessageIsAnError() {
    let bytes = framed([1, 2, 3]) + framed([4, 5, 6, 7])
    for end in 0..<bytes.count {
      let whole = end == 0 || end == 8
      for chunks in cuts(Array(bytes[..<end])) {
        let transcript = Transcript(chunks)
        #expect(transcript.error == nil)
        #expect((transcript.endError == nil) == whole, "cut at \(end)")
        #expect(whole || transcript.endError?.code == .internalError)
      }
    }
  }

  @Test func theLimitAppliesToThePrefixAlone() {
    for chunks in cuts(framed([1, 2, 3]) + framed([], length: 11)) {
      let transcript = Transcript(chunks, limit: 10)
      #expect(transcript.messages == [[1, 2, 3]])
      #expect(transcript.error?.code == .resourceExhausted)
      #expect(transcript.endError == transcript.error)
    }
    #expect(Transcript([framed(Array(0..<10))], limit: 10).error == nil)
    #expect(Transcript([framed([], length: .max)]).error?.code == .resourceExhausted)
  }

  @Test func compressedMessagesAreRefused() {
    for chunks in cuts(framed([1], flag: 1)) {
      #expect(Transcript(chunks).error?.code == .internalError)
      #expect(
        Transcript(chunks, encoding: .unsupported("gzip")).error?.code == .unimplemented)
    }
    for flag in UInt8(2)...255 {
      #expect(Transcript([framed([1], flag: flag)]).error?.code == .internalError)
    }
    // A peer may announce an encoding and not use it.
    #expect(Transcript([framed([1])], encoding: .unsupported("gzip")).messages == [[1]])
    var client = MessageDeframer(
      maximumLength: 9, encoding: .unsupported("gzip"), isServer: false)
    #expect(throws: GRPCStatus(.internalError, "the message encoding 'gzip' is not supported")) {
      var bytes = ByteBuffer(bytes: framed([1], flag: 1))
      _ = try client.next(from: &bytes)
    }
  }

  @Test func fragmentsAreSlicesOfWhatCameIn() throws {
    var deframer = MessageDeframer(maximumLength: 100, isServer: true)
    var bytes = ByteBuffer(bytes: framed(Array(repeating: 9, count: 64)))
    let address = { (buffer: ByteBuffer) in
      buffer.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
    }
    let start = address(bytes)
    #expect(try deframer.next(from: &bytes) == .begin(length: 64))
    guard case .fragment(let fragment)? = try deframer.next(from: &bytes) else {
      Issue.record("no fragment")
      return
    }
    #expect(address(fragment) == start + 5)
    #expect(try deframer.next(from: &bytes) == .end)
    #expect(try deframer.next(from: &bytes) == nil)
  }

  @Test func framerAndDeframerAgree() throws {
    for length in [0, 1, 255, 65536, Int(UInt32.max)] {
      var bytes = MessageFramer.prefix(length: length)
      #expect(bytes.readableBytes == MessageDeframer.prefixLength)
      var deframer = MessageDeframer(maximumLength: .max, isServer: false)
      #expect(try deframer.next(from: &bytes) == .begin(length: length))
    }
  }
}
