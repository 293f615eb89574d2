"""Convolutions, transposed convolutions, and windows as columns."""
