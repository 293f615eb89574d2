"""Caffe's files to Graph: start with reader.py, load_caffe.

enters: a prototxt of any generation and its caffemodels. leaves: a Graph with the layers of the TEST phase.

weights.py gives each layer its blobs in the expected shapes; memory.py tracks layers that work in place;
training_layers.py decides what data layers and losses become.
"""
