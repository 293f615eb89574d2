"""Passes: Graph to Graph, each in a file of its own, with "before" and "after" in its docstring.

enters: a Graph. leaves: the same network, simpler or in another form.

Each backend lists its passes in order in one place. A pass imports layers and graph, never torch or a file format.
"""
