"""Recurrent layers: LSTM, GRU and plain, for complete sequences and for single steps."""
