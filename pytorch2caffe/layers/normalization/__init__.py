"""Normalization by statistics of a batch, a sample, a group of channels, a neighbourhood or a vector."""
