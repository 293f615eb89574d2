"""Runs what was written in every runtime there is, and compares the numbers blob by blob."""
