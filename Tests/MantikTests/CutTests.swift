// Data cut anywhere gives the same, rows leave as soon as they are whole, and nothing breaks it.

import NIOCore
import Testing

@testable import Mantik

@Suite struct CutTests {
  static let type =
    #"{"columns":{"x":"int32","s":{"type":"nullable","underlying":"string"},"f":"float64"}}"#
  static let rows = #"[[1,"a\"b\r\nc",0.5],[-200,null,1e300],[70000,"é😀",-0.25]]"#

  private func data(_ form: Form) throws -> [UInt8] {
    let type = try DataType(text: Self.type)
    return try convert(Array(Self.rows.utf8), from: .json, to: form, type: type)
  }

  @Test(arguments: Form.allCases)
  func everyCutGivesTheSame(_ form: Form) throws {
    let bytes = try self.data(form)
    let type = form.carriesType ? nil : try DataType(text: Self.type)
    let whole = try convert(bytes, from: form, to: .bundleJSON, type: type)
    for cut in 0...bytes.count {
      let parts = [Array(bytes[..<cut]), Array(bytes[cut...])]
      #expect(try convert(parts, from: form, to: .bundleJSON, type: type) == whole, "cut at \(cut)")
    }
    #expect(try convert(bytes, from: form, to: .bundleJSON, type: type, size: 1) == whole)
  }

  /// Less than all of it is never taken for all of it, but where a table may end.
  @Test(arguments: Form.allCases)
  func aBeginningIsNoWhole(_ form: Form) throws {
    let bytes = try self.data(form)
    let type = form.carriesType ? nil : try DataType(text: Self.type)
    var good = 0
    for count in 0..<bytes.count {
      do throws(RowError) {
        let output = try convert(Array(bytes[..<count]), from: form, to: .jsonl, type: type)
        let lines = output.count { $0 == 0x0A }
        #expect(lines <= 3)
        good += 1
      } catch {}
    }
    switch form {
    case .json, .bundleJSON: #expect(good == 0)
    // Nothing, the head, and behind each row but the last.
    case .msgpack, .bundle: #expect(good == 3)
    // Behind the schema and the batch: the mark of the end may be left out.
    case .arrow: #expect(good == 2)
    // A line's end may be missing, and a number be cut.
    case .csv, .jsonl: #expect(good > 3)
    }
  }

  @Test(arguments: Form.allCases)
  func rowsLeaveAsTheyCome(_ form: Form) throws {
    let bytes = try self.data(form)
    let type = try DataType(text: Self.type)
    var converter = try Converter(from: .json, to: form, type: type)
    var output: [UInt8] = []
    var left: [Int] = []
    for row in ["[", #"[1,"a\"b\r\nc",0.5]"#, #",[-200,null,1e300]"#, #",[70000,"é😀",-0.25]"#] {
      converter.receive(ByteBuffer(string: row))
      let before = output.count
      while let bytes = try converter.next() { output += Array(bytes.readableBytesView) }
      left.append(output.count - before)
    }
    #expect(left.dropFirst().allSatisfy { $0 > 0 }, "\(left)")
    converter.receive(ByteBuffer(string: "]"))
    converter.end()
    while let bytes = try converter.next() { output += Array(bytes.readableBytesView) }
    // Arrow has a batch for each of them, which others make one of.
    if form == .arrow {
      #expect(try convert(output, from: .arrow, to: .arrow) == bytes)
    } else {
      #expect(output == bytes)
    }
    #expect(converter.isDone)
  }

  /// Any byte may be another one: either the data is still right, or that is said.
  @Test(arguments: Form.allCases)
  func brokenBytesAreSurvived(_ form: Form) throws {
    let bytes = try self.data(form)
    let type = form.carriesType ? nil : try DataType(text: Self.type)
    for index in bytes.indices {
      for byte in [0, 0x22, 0xDD, 0xFF, bytes[index] ^ 1] as [UInt8] {
        var broken = bytes
        broken[index] = byte
        do throws(RowError) {
          _ = try convert(broken, from: form, to: .bundle, type: type)
        } catch {
          #expect(!error.description.isEmpty)
        }
      }
    }
  }

  @Test func manyRowsLeaveInPieces() throws {
    let row = String(repeating: "x", count: 1000) + "\n"
    let type = try DataType(text: #"{"columns":{"a":"string"}}"#)
    var converter = try Converter(from: .csv, to: .bundle, type: type)
    converter.receive(ByteBuffer(string: "a\n" + String(repeating: row, count: 300)))
    converter.end()
    var sizes: [Int] = []
    while let bytes = try converter.next() { sizes.append(bytes.readableBytes) }
    #expect(sizes.count > 3 && sizes.allSatisfy { $0 < 67_000 })
    #expect(sizes.dropLast().allSatisfy { $0 >= 65_536 })
  }

  @Test func largeArrowTablesAreSeveralBatches() throws {
    let row = String(repeating: "x", count: 2000) + ",7\n"
    let type = try DataType(text: #"{"columns":{"a":"string","b":"int8"}}"#)
    let csv = Array(("a,b\n" + String(repeating: row, count: 1200)).utf8)
    let arrow = try convert(csv, from: .csv, to: .arrow, type: type)
    let back = try convert(arrow, from: .arrow, to: .csv, size: 100_000)
    #expect(back.filter { $0 != 0x0D } == csv)
    // A schema, three batches, the end.
    var marks = 0
    for index in stride(from: 0, to: arrow.count - 3, by: 8) where arrow[index] == 0xFF {
      marks += arrow[index..<index + 4].allSatisfy { $0 == 0xFF } ? 1 : 0
    }
    #expect(marks == 5)
  }
}
