"""Recurrent layers: LSTM, GRU, plain; whole sequences and single cells."""
