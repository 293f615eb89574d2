"""See the package mmdnn."""
