#!/usr/bin/env Rscript
pattern <- r"(Sys.getenv("no"))"
yes <- Sys.getenv(r"(yes)", r"---(a )" b)---")
n <- Sys.getenv("n", "5") |> as.integer()
`my var` <- Sys.getenv("back")
folder <- Sys.getenv("data_dir")
name <- Sys.getenv("file_name")
con <- file(file.path(folder, name), "r")
p <- stats::median(1)
q <- terra::rast(folder)
system("true")
