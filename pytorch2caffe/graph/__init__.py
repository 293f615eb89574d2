"""The network as plain data, and what is known of layers. numpy only.

enters: nothing. leaves: Graph (graph.py), the data that frontends build and backends write.

Start with graph.py (Graph, Node, Value), then registry.py (Layer, and the functions registered for each source) and
builder.py (how a frontend or a lowering adds layers). bounds.py: which numbers a value can hold. summary.py: parameters
and multiply-adds. lowering.py and target.py: how a graph is expressed in the layers that a target has.
"""
