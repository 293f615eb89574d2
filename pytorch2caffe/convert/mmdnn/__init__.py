"""What MMdnn's commands produce besides its intermediate representation.

kit_model.py: code with a class KitModel, its weights, and the pickled model. caffe_code.py: the same for Caffe.
slim_checkpoint.py: TensorFlow-Slim's networks, for checkpoints without a graph. download.py: networks by name.
"""
