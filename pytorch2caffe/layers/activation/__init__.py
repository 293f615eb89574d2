"""Activation functions, from ReLU to softmax."""
