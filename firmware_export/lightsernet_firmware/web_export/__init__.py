"""``export --format web``: a static page that listens, and runs the engine as WebAssembly."""
