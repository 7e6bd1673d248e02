# Fits a line.
# Writes its slope.

# apt install libgdal-dev
install.packages("jsonlite")
library(data.table)
library("sf")
# the table
input_path <- Sys.getenv("input_path")
# year
start <- as.integer(Sys.getenv("start", "1961"))
scale = as.numeric(Sys.getenv('scale', unset = '1.5'))
strict <- as.logical(Sys.getenv("strict", FALSE))
output_path <- Sys.getenv("output_path", unset = "out.csv")
table <- read.csv(input_path)
write.csv(table, file = output_path)
Sys.setenv(result = "1")
Sys.setenv("other", "2")
