// The page of a bench: one file, with everything in it.

extension BenchReport {
  package var html: String {
    let tables = tables.map(Self.html).joined(separator: "\n")
    let plots = plots.map(\.svg).joined(separator: "\n")
    let notes =
      notes.isEmpty
      ? "" : "<ul>\n" + notes.map { "<li>\(SVGPlot.escaped($0))</li>\n" }.joined() + "</ul>\n"
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>headrace bench</title>
      <style>
      body { font-family: sans-serif; margin: 2em auto; max-width: 1180px; padding: 0 1em; color: #222; background: #fff; }
      table { border-collapse: collapse; margin: 1em 0; font-variant-numeric: tabular-nums; font-size: 14px; }
      th, td { padding: 3px 10px; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap; }
      th:first-child, td:first-child { text-align: left; }
      svg { max-width: 100%; height: auto; }
      </style>
      </head>
      <body>
      <h1>headrace bench</h1>
      <p>\(SVGPlot.escaped(machine.description))<br>
      \(SVGPlot.escaped(date)), headrace \(SVGPlot.escaped(headrace)), median of \(runs) \(runs == 1 ? "run" : "runs") of \
      \(JSONValue.digits(seconds)) s (least..most)</p>
      \(plots)
      \(tables)
      \(notes)</body>
      </html>

      """
  }

  private static func html(_ table: ReportTable) -> String {
    let head = table.head.map { "<th>\(SVGPlot.escaped($0))</th>" }.joined()
    let rows = table.rows.map { row in
      "<tr>" + row.map { "<td>\(SVGPlot.escaped($0))</td>" }.joined() + "</tr>"
    }
    return "<table>\n<tr>\(head)</tr>\n" + rows.joined(separator: "\n") + "\n</table>"
  }
}
