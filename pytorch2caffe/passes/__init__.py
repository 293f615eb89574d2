"""Passes: start with runner.py; docs/writing-a-pass.md has an example with its test.

enters: a Graph. leaves: the same graph, with the same inputs, outputs and results, in other or fewer layers.

A pass is a function of a Graph, in a file of its own name. It changes the graph in place and returns nothing; who
needs the graph as it was copies it first (`Graph.copy`). It leaves the graph valid (`Graph.validate`), never writes
into an array of weights, which other graphs share, and takes time linear in the number of nodes. Its docstring has
"before" and "after". Options are keyword arguments. Passes import layers and graph, never torch or a file format.

Verbs: drop (nodes that do nothing), merge (several of a type into one), join (two types into one layer), fold (into
weights), expand (one layer into several). Each backend lists its passes in order in one place, its passes.py.
"""
