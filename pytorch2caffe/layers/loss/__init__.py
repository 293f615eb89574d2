"""Losses between two tensors."""
