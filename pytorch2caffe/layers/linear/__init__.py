"""Products with matrices: fully connected layers, matmul, einsum, fixed linear maps."""
