"""Pooling in every rounding, over one to three axes, adaptive and pyramid pooling."""
