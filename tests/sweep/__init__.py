"""Every module, function and network that PyTorch has test data for: equal, refused, or WRONG."""
