"""Ways in from files."""
