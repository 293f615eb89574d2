"""Reductions over axes: sums, extremes, their positions, statistics."""
