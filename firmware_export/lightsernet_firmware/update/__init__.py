"""Updates over the air: a model, signed; `examples/ota` installs it on a device."""
