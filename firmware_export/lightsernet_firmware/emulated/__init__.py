"""The C engine on boards that QEMU emulates."""
