"""The formats of `export`: what each toolchain takes as it is."""
