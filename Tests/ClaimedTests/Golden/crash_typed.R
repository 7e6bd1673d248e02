n = as.numeric( os_value(Sys.getenv("n")))
