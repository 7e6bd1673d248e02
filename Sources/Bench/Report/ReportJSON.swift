// The JSON of a bench; docs/bench.md tells its fields.

extension BenchReport {
  package var json: String {
    var pairs: [(String, JSONValue)] = [
      ("version", .integer(Self.formatVersion)),
      ("headrace", .text(headrace)),
      ("machine", machine.json),
      ("date", .text(date)),
      ("runs", .integer(runs)),
      ("seconds", .number(seconds)),
    ]
    if !notes.isEmpty { pairs.append(("notes", .list(notes.map { .text($0) }))) }
    pairs.append(("measurements", .list(results.map(json))))
    return JSONValue.object(pairs.map { (key: $0.0, value: $0.1) }).pretty
  }

  private func json(_ result: Result) -> JSONValue {
    var pairs = result.subject.json
    for figure in Figure.allCases {
      if let spread = result.spread(figure) { pairs.append((figure.rawValue, spread.json)) }
    }
    if let latency = result.latency { pairs.append(("latency_us", latency.json)) }
    if !result.memory.isEmpty {
      let points = result.memory.map {
        JSONValue.list([.number($0.seconds), .number($0.megabytes)])
      }
      pairs.append(("rss_anon_mb_over_s", .list(points)))
    }
    let limits: [(String, Limit?)] = [
      (Figure.throughput.rawValue, limit(of: result, .throughput)),
      (Figure.cpu.rawValue, limit(of: result, .cpu)),
      ("latency_us", latencyLimit(of: result)),
    ]
    let told = limits.compactMap { name, limit in
      limit.map { (key: name, value: $0.json) }
    }
    if !told.isEmpty { pairs.append(("limit", .object(told))) }
    return .object(pairs)
  }
}

extension Limit {
  fileprivate var json: JSONValue {
    .object(subject.json + [("median", .number(value)), ("ratio", .number(ratio))])
  }
}

extension Subject {
  fileprivate var json: [(key: String, value: JSONValue)] {
    var pairs: [(key: String, value: JSONValue)] = [("name", .text(name.rawValue))]
    let numbers = [
      ("size", size), ("streams", streams), ("nodes", nodes), ("write", write), ("read", read),
    ]
    for (key, number) in numbers {
      if let number { pairs.append((key, .integer(number))) }
    }
    if let command { pairs.append(("command", .text(command))) }
    return pairs
  }
}

extension Spread {
  fileprivate var json: JSONValue {
    .object([
      ("median", .number(median)), ("min", .number(min)), ("max", .number(max)),
      ("runs", .list(runs.map { .number($0) })),
    ])
  }
}

extension Distribution {
  fileprivate var json: JSONValue {
    .object([
      ("p50", .number(percentile(0.5))), ("p99", .number(percentile(0.99))),
      ("max", .number(maximum)), ("samples", .integer(samples.count)),
      (
        "histogram",
        .list(histogram.map { .list([.number($0.limit), .integer($0.count)]) })
      ),
    ])
  }
}

extension Machine {
  fileprivate var json: JSONValue {
    .object([
      ("cpu", .text(cpu)), ("cores", .integer(cores)), ("kernel", .text(kernel)),
      ("memory_bytes", .integer(memory)),
    ])
  }
}
