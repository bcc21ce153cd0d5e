"""The engine beside other kernels: integers compared, costs measured."""
