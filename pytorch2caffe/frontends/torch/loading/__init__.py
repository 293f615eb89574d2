"""Loads models and weights as a command line names them: start with models.py, load_model.

enters: `file.py:Net`, `torchvision:resnet18`, a .pt2 program, a pickled model; a checkpoint. leaves: an nn.Module.

checkpoints.py reads weights and safe_unpickler.py the pickles in them; neither runs code of the file.
torchvision_models.py is the only file that imports torchvision.
"""
