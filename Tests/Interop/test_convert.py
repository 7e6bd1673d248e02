"""The builtin convert with pyarrow and msgpack: each reads what the other writes."""

import csv
import io
import json
import math

import msgpack
import pyarrow as pa

from cases import InteropTest, fresh
from clients import CommandFailed, Commands
from nodes import OurNode

BUNDLE = "application/x-mantik-bundle"
# As two of Mantik's three implementations write it.
BUNDLE_JSON = "application-x-mantik-bundle-json"

COLUMNS = {
    "u8": "uint8",
    "i8": "int8",
    "u32": "uint32",
    "i32": "int32",
    "u64": "uint64",
    "i64": "int64",
    "flag": "bool",
    "f32": "float32",
    "f64": "float64",
    "text": "string",
    "nothing": "void",
    "maybe": {"type": "nullable", "underlying": "int32"},
    "word": {"type": "nullable", "underlying": "string"},
}
TYPE = {"type": "tabular", "columns": COLUMNS}

FIELDS = [
    pa.field("u8", pa.uint8(), nullable=False),
    pa.field("i8", pa.int8(), nullable=False),
    pa.field("u32", pa.uint32(), nullable=False),
    pa.field("i32", pa.int32(), nullable=False),
    pa.field("u64", pa.uint64(), nullable=False),
    pa.field("i64", pa.int64(), nullable=False),
    pa.field("flag", pa.bool_(), nullable=False),
    pa.field("f32", pa.float32(), nullable=False),
    pa.field("f64", pa.float64(), nullable=False),
    pa.field("text", pa.string(), nullable=False),
    pa.field("nothing", pa.null()),
    pa.field("maybe", pa.int32()),
    pa.field("word", pa.string()),
]

ROWS = [
    [0, -128, 0, -(2**31), 0, -(2**63), True, 0.5, 0.1, "", None, None, None],
    [255, 127, 2**32 - 1, 2**31 - 1, 2**64 - 1, 2**63 - 1, False]
    + [-0.0, 1e300, "né 😀", None, 7, ""],
    [1, 1, 1, 1, 1, 1, True, math.inf, -math.inf, 'a,"b"\r\nc', None, -7, "null"],
] + [
    [n % 256, n % 100, n, -n, n, n, n % 3 == 0, n / 4, n / 8, f"row {n}", None, n, str(n)]
    for n in range(20)
]


def table(rows=ROWS):
    schema = pa.schema(FIELDS)
    columns = list(zip(*rows)) or [[]] * len(FIELDS)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, FIELDS)], schema=schema)


def stream(data, batch=None, **options):
    """An Arrow IPC stream as pyarrow writes it."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, data.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(data, max_chunksize=batch)
    return sink.getvalue()


def bundle(rows=ROWS, type=TYPE, **options):
    """A bundle as Python's MessagePack writes it."""
    packer = msgpack.Packer(**options)
    return packer.pack({"format": type}) + b"".join(packer.pack(row) for row in rows)


def lines(data):
    return [list(json.loads(line).values()) for line in data.splitlines()]


class Convert(InteropTest):
    @classmethod
    def start(cls):
        cls.node = cls.start_node(OurNode, "--builtin", "convert")

    def convert(self, data, source, target, type=None):
        peer = Commands(self.node.address)
        name = fresh("data")
        (self.folder / name).write_bytes(data)
        words = ["--parameter", f"from={source}", "--parameter", f"to={target}"]
        if type is not None:
            words += ["--parameter", f"type={json.dumps(type)}"]
        output = self.folder / f"{name}.out"
        peer.run("call", peer.url, "--input", self.folder / name, "--output", output, *words)
        return output.read_bytes()

    def refused(self, data, *words):
        with self.assertRaises(CommandFailed) as caught:
            self.convert(data, *words)
        self.assertEqual(caught.exception.code, 10)
        return caught.exception.error

    def read(self, data):
        """The table that pyarrow finds in a stream of ours."""
        with pa.ipc.open_stream(data) as reader:
            found = reader.read_all()
        found.validate(full=True)
        return found

    def test_arrow_from_pyarrow(self):
        expected = self.convert(bundle(), "bundle", "bundle")
        for data in (stream(table()), stream(table(), batch=4), stream(table(), batch=1)):
            self.assertEqual(self.convert(data, "arrow", "bundle"), expected)
            self.assertTrue(self.read(self.convert(data, "arrow", "arrow")).equals(table()))

    def test_arrow_to_pyarrow(self):
        found = self.read(self.convert(bundle(), "bundle", "arrow"))
        self.assertEqual(found.schema, pa.schema(FIELDS))
        self.assertTrue(found.equals(table()))

    def test_empty_tables(self):
        data = self.convert(stream(table([])), "arrow", "bundle")
        self.assertEqual(list(msgpack.Unpacker(io.BytesIO(data))), [{"format": TYPE}])
        self.assertTrue(self.read(self.convert(data, "bundle", "arrow")).equals(table([])))

    def test_other_types_of_arrow(self):
        schema = pa.schema([("a", pa.int16()), ("b", pa.uint16()), ("c", pa.large_string())])
        data = stream(pa.table([[-(2**15), None], [2**16 - 1, 0], ["é", None]], schema=schema))
        found = lines(self.convert(data, "arrow", "jsonl"))
        self.assertEqual(found, [[-32768, 65535, "é"], [None, 0, None]])

    def test_slices_of_arrow(self):
        data = stream(table().slice(5, 9))
        self.assertTrue(self.read(self.convert(data, "arrow", "arrow")).equals(table().slice(5, 9)))

    def test_older_arrow(self):
        data = stream(table(), metadata_version=pa.ipc.MetadataVersion.V4)
        self.assertTrue(self.read(self.convert(data, "arrow", "arrow")).equals(table()))

    def test_arrow_that_is_refused(self):
        def one(values, type=None):
            return pa.table({"x": pa.array(values, type)})

        dictionary = pa.array(["a"]).dictionary_encode()
        cases = [
            (stream(pa.table({"x": dictionary})), "with a dictionary"),
            (stream(one([1], pa.timestamp("s"))), 'column "x": a column that is a timestamp'),
            (stream(one([[1]])), 'column "x": a column that is a list in Arrow has no type'),
            (stream(one([1.5], pa.float16())), "floats of 16 bits"),
            (stream(one(["a" * 1000] * 10), compression="zstd"), "compressed batches are not read"),
            (stream(table())[:-20], "the data ends inside a message"),
        ]
        for data, words in cases:
            self.assertIn(words, self.refused(data, "arrow", "jsonl"))

    def test_message_pack_from_python(self):
        expected = [list(row) for row in ROWS]
        expected[2][7:9] = ["Infinity", "-Infinity"]
        self.assertEqual(lines(self.convert(bundle(), "bundle", "jsonl")), expected)

    def test_short_floats_from_python(self):
        rows = [[0.25, -0.5], [2.0**100, 2.0**-10]]
        data = bundle(rows, {"columns": {"x": "float64", "y": "float32"}}, use_single_float=True)
        self.assertEqual(lines(self.convert(data, "bundle", "jsonl")), rows)

    def test_message_pack_to_python(self):
        found = list(msgpack.Unpacker(io.BytesIO(self.convert(stream(table()), "arrow", "bundle"))))
        self.assertEqual(found, [{"format": TYPE}, *ROWS])
        self.assertEqual(list(found[0]["format"]["columns"]), list(COLUMNS))

    def test_values_that_are_no_columns(self):
        type = {
            "columns": {
                "t": {"type": "tensor", "shape": [2, 2], "componentType": "float32"},
                "i": {
                    "type": "image",
                    "width": 2,
                    "height": 1,
                    "components": {"black": {"componentType": "uint8"}},
                },
                "s": {
                    "type": "struct",
                    "fields": {"b": "string", "a": {"type": "array", "underlying": "int8"}},
                },
            }
        }
        rows = [[[1, 2.5, 3, 4], b"\x00\xff", ["x", [1, -1]]]]
        data = bundle(rows, type)
        for form in ("csv", "jsonl", "bundle-json", "json", "msgpack"):
            there = self.convert(data, "bundle", form)
            back = list(msgpack.Unpacker(io.BytesIO(self.convert(there, form, "bundle", type))))
            self.assertEqual(back[1:], rows, form)
        error = self.refused(data, "bundle", "arrow")
        self.assertIn('column "t": a tensor cannot be a column', error)

    def test_csv_from_and_to_python(self):
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(reversed(COLUMNS))
        writer.writerows(list(reversed(row)) for row in ROWS[3:])
        found = self.convert(text.getvalue().encode(), "csv", "bundle", TYPE)
        self.assertEqual(list(msgpack.Unpacker(io.BytesIO(found)))[1:], ROWS[3:])
        back = self.convert(bundle(), "bundle", "csv").decode()
        rows = list(csv.reader(io.StringIO(back, newline="")))
        self.assertEqual(rows[0], list(COLUMNS))
        self.assertEqual(rows[3][9], 'a,"b"\r\nc')
        self.assertEqual([float(rows[3][7]), float(rows[3][8])], [math.inf, -math.inf])

    def test_content_types_alone(self):
        """An engine says what the ports are, in the spelling it has."""
        peer, session = Commands(self.node.address), fresh("session")
        peer.run("init", f"{peer.url}/{session}", "--input", BUNDLE, "--output", BUNDLE_JSON)
        peer.push(session, "t", 0, bundle([[1], [2]], {"columns": {"x": "int32"}}))
        found = json.loads(peer.pull(session, "t", 0))
        type = {"type": "tabular", "columns": {"x": "int32"}}
        self.assertEqual(found, {"type": type, "value": [[1], [2]]})

    def test_in_a_pipeline(self):
        """Its forms come from the ports that it is wired to."""
        (self.folder / "rows.csv").write_text("x,y\n1,a\n2,b\n")
        (self.folder / "convert.yaml").write_text(
            """
            operators:
              rows:
                command: [cat, rows.csv]
                outputs: [{name: out, content_type: text/csv}]
              convert:
                builtin: convert
                parameters: {type: '{"columns": {"y": "string", "x": "int8"}}'}
              keep:
                command: [cat]
                inputs: [{name: in, content_type: application/vnd.apache.arrow.stream}]
            wires: [rows -> convert, convert -> keep]
            outputs: {keep: rows.arrow}
            """
        )
        Commands(self.node.address).run("run", self.folder / "convert.yaml")
        found = self.read((self.folder / "rows.arrow").read_bytes())
        self.assertEqual(found.to_pydict(), {"y": ["a", "b"], "x": [1, 2]})

    def test_a_row_that_is_not_of_its_type(self):
        type = {"columns": {"x": "int32"}}
        error = self.refused(b"x\n1\ntwo\n", "csv", "bundle", type)
        self.assertIn('convert: row 2, column "x": expected int32, found "two"', error)
