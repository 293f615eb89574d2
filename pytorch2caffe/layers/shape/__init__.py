"""Changes of shape that move values: reshape, permute, concatenate, split, repeat, pad."""
