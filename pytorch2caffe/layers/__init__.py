"""All about a layer in one file: its settings, the ways in, the ways out, and how it is said in simpler layers."""
