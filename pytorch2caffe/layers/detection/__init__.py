"""The layers of SSD detectors."""
