"""Microsoft MMdnn's intermediate representation: its nodes and its files. Knows nothing of Graph."""
