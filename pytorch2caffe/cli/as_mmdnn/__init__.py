"""MMdnn's module paths, so that command lines written for it run: `python -m mmdnn.conversion._script.convertToIR`."""
