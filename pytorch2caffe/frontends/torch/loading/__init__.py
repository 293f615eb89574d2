"""Models and weights from what a command line names: start with models.py, load_model.

enters: `file.py:Net`, `torchvision:resnet18`, a .pt2 program, a pickled model; a checkpoint. leaves: an nn.Module.

checkpoints.py reads weights and safe_unpickler.py the pickles in them; neither runs code of the file.
torchvision_models.py is all that knows torchvision.
"""
