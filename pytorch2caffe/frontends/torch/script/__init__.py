"""TorchScript programs as plain modules: their graph is executed node by node, so that every torch call is seen.

A scripted or traced program runs in C++, where no function mode sees its calls. `unscripted` gives a module with the
same children, weights and result whose `forward` executes the program's graph in Python: loops and conditions are
executed as they are, each operator is called through torch. module.py makes the modules, interpreter.py executes,
operators.py has the operators of numbers, lists and dicts.

enters: a ScriptModule or ScriptFunction. leaves: an nn.Module.
"""
