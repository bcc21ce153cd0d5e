"""Where in a stream of samples somebody speaks."""
