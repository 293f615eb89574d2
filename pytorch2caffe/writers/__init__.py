"""Ways out to files."""
