x <- Sys.getenv("a", "1"); y <- Sys.getenv("b", "2")
z <- Sys.getenv(c)
# "quoted" description
w <- Sys.getenv('w', 'it # cut')
v <- Sys.getenv(
  "v", "3")
caption <- "adapted"
captured <- TRUE
# apt-get install gcc
# install.packages(c("a", "b"), repos='https://cloud.r-project.org')
install.packages('c', repos='http://cran.example.org')
k = as.numeric( os <- Sys.getenv("k", "2"))
m <- Sys.getenv( "m", "4")
