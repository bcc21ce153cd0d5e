"""One module a runtime: the files of a folder in which something else runs the network."""
