"""Normalisation by statistics: of a batch, a sample, a group, a neighbourhood, a vector."""
