"""int8 for ncnn: images to activations, activations to thresholds, thresholds to a table."""
