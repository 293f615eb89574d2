"""Resampling of feature maps, and channels exchanged for space."""
