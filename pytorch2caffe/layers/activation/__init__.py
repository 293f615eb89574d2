"""Activations: one number in, one number out, learned slopes and softmax included."""
