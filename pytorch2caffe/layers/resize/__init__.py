"""Resampling of feature maps, and exchange of channels for spatial positions."""
