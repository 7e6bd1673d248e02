// Which functions of which languages read, write or list a path, and how.

/// What readings of paths need to know about a language's libraries. The lists hold what is common in
/// operators; a function that is not in them says nothing, and the proposal says so.
struct PathFunctions {
  /// How names of functions are put together.
  var joints: [String]
  var assignments: Set<String>
  /// They give the same path, in another form.
  var wrappers: Set<String>
  /// They put a folder and a name together.
  var joins: Set<String>
  /// They take a path and a mode.
  var openers: Set<String>
  /// Of these, those that look whether a text is compressed, and open it again: R's, unless told `raw`.
  private var looksFirst: Set<String>
  /// By the last part of their names.
  private var kinds: [String: PathUse.Kind]
  /// By their whole names, where the last part would mislead.
  private var exceptions: [String: PathUse.Kind]
  /// The argument that is the path; the first in all others.
  private var places: [String: (index: Int, name: String)]

  static let python = PathFunctions(
    joints: ["."], assignments: ["="],
    wrappers: [
      "str", "Path", "pathlib.Path", "os.fspath", "os.path.abspath", "os.path.expanduser",
      "os.path.realpath", "os.path.normpath",
    ],
    joins: ["os.path.join", "path.join", "join", "Path", "pathlib.Path"],
    openers: ["open", "io.open", "gzip.open", "bz2.open", "lzma.open", "codecs.open"],
    looksFirst: [],
    kinds: [
      "read_csv": .read, "read_table": .read, "read_json": .read, "read_text": .read,
      "read_bytes": .read, "loadtxt": .read, "genfromtxt": .read, "read_fwf": .read,
      "to_csv": .write, "to_json": .write, "write_text": .write, "write_bytes": .write,
      "read_parquet": .readFile, "read_excel": .readFile, "read_hdf": .readFile,
      "read_feather": .readFile, "read_file": .readFile, "read_pickle": .readFile,
      "Dataset": .readFile, "open_dataset": .readFile, "open_dataarray": .readFile,
      "open_rasterio": .readFile, "File": .readFile, "ZipFile": .readFile, "imread": .readFile,
      "fromfile": .readFile, "memmap": .readFile, "load_model": .readFile, "connect": .readFile,
      "getsize": .readFile, "stat": .readFile,
      "to_parquet": .writeFile, "to_excel": .writeFile, "to_hdf": .writeFile,
      "to_feather": .writeFile, "to_netcdf": .writeFile, "to_file": .writeFile,
      "to_pickle": .writeFile, "savetxt": .writeFile, "savefig": .writeFile, "imwrite": .writeFile,
      "imsave": .writeFile,
      "save": .writeFile, "savez": .writeFile,
      "listdir": .folder, "scandir": .folder, "walk": .folder, "makedirs": .folder,
      "mkdir": .folder, "iterdir": .folder, "rglob": .folder, "glob": .folder, "iglob": .folder,
      "rmtree": .folder, "to_zarr": .folder, "open_zarr": .folder, "copytree": .folder,
    ],
    exceptions: [
      "Image.open": .readFile, "PIL.Image.open": .readFile, "rasterio.open": .readFile,
      "tarfile.open": .readFile, "zipfile.ZipFile": .readFile, "fiona.open": .readFile,
      "np.load": .readFile, "numpy.load": .readFile, "torch.load": .readFile,
      "joblib.load": .readFile, "iris.load": .readFile, "iris.load_cube": .readFile,
      "joblib.dump": .writeFile, "torch.save": .writeFile, "wget.download": .writeFile,
      "spark.read.csv": .readFile, "spark.read.json": .readFile, "spark.read.parquet": .readFile,
      "df.write.csv": .folder, "df.write.json": .folder, "df.write.parquet": .folder,
    ],
    places: [
      "joblib.dump": (1, "filename"), "torch.save": (1, "f"), "wget.download": (1, "out"),
    ])

  static let r = PathFunctions(
    joints: ["::", ":::"], assignments: ["<-", "=", "<<-"],
    wrappers: ["normalizePath", "path.expand", "as.character"],
    joins: ["file.path", "paste0"],
    openers: ["file", "gzfile", "fifo"], looksFirst: ["file", "gzfile"],
    kinds: [
      "read.csv": .readFile, "read.csv2": .readFile, "read.table": .readFile,
      "read.delim": .readFile,
      "readLines": .readFile, "scan": .readFile, "source": .readFile,
      "write.csv": .write, "write.csv2": .write, "write.table": .write, "writeLines": .write,
      "cat": .write, "sink": .write,
      "readRDS": .readFile, "load": .readFile, "fread": .readFile, "read_csv": .readFile,
      "read_tsv": .readFile, "nc_open": .readFile, "rast": .readFile, "raster": .readFile,
      "read_sf": .readFile, "st_read": .readFile, "read_excel": .readFile, "fromJSON": .readFile,
      "read_parquet": .readFile, "file.size": .readFile, "file.info": .readFile,
      "saveRDS": .writeFile, "fwrite": .writeFile, "write_csv": .writeFile, "png": .writeFile,
      "pdf": .writeFile, "svg": .writeFile, "jpeg": .writeFile, "ggsave": .writeFile,
      "writeRaster": .writeFile, "nc_create": .writeFile, "st_write": .writeFile,
      "write_parquet": .writeFile, "save": .writeFile,
      "list.files": .folder, "dir.create": .folder, "list.dirs": .folder, "unlink": .folder,
    ],
    exceptions: [:],
    places: [
      "write.csv": (1, "file"), "write.csv2": (1, "file"), "write.table": (1, "file"),
      "writeLines": (1, "con"), "saveRDS": (1, "file"), "fwrite": (1, "file"),
      "write_csv": (1, "file"), "writeRaster": (1, "filename"), "st_write": (1, "dsn"),
      "write_parquet": (1, "sink"), "cat": (.max, "file"), "save": (.max, "file"),
    ])

  /// What the function does with a path that is its argument.
  func kind(_ function: String, argument: (index: Int, name: String?)) -> PathUse.Kind? {
    let last = lastPart(function)
    guard let kind = exceptions[function] ?? kinds[last] else { return nil }
    let place = places[function] ?? places[last] ?? (0, "")
    guard let name = argument.name else { return argument.index == place.index ? kind : nil }
    let paths = ["path", "file", "filename", "fname", "filepath_or_buffer", "path_or_buf"]
    return name == place.name || paths.contains(name) ? kind : nil
  }

  func lastPart(_ function: String) -> String {
    var rest = Substring(function)
    for joint in joints {
      if let range = rest.ranges(of: joint).last { rest = rest[range.upperBound...] }
    }
    return String(rest)
  }

  /// What an opener does by its mode; nothing for other functions, and where the mode is computed.
  func openKind(_ function: String, mode: OpenMode) -> PathUse.Kind? {
    guard openers.contains(function), case .text(let mode) = mode else { return nil }
    if mode.contains("+") { return .update }
    if mode.contains(where: { "wax".contains($0) }) { return .write }
    return looksFirst.contains(function) && !mode.contains("b") ? .readFile : .read
  }
}

/// How a file is opened.
enum OpenMode {
  /// `r` where none is given.
  case text(String)
  case computed
}
