"""What makes the wheels that are given away; no part of them."""
