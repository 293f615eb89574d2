"""Layers without arithmetic: constants (Parameter), Split, Silence, Dropout."""
