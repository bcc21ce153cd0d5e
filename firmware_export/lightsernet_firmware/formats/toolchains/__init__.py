"""One module a toolchain: the files of a folder that it takes."""
