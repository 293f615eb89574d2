"""Numbers with their units, as the commands print them."""

from __future__ import annotations


def counted(count: int, what: str) -> str:
    """A number of things.

    >>> counted(1, "layer"), counted(2, "layer")
    ('1 layer', '2 layers')
    """
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def size_of(count: int) -> str:
    """A number of bytes.

    >>> size_of(512), size_of(1480), size_of(4_940_000), size_of(2_100_000_000)
    ('512 bytes', '1.5 kB', '4.9 MB', '2,100.0 MB')
    """
    if count < 1000:
        return counted(count, "byte")
    return f"{count / 1e3:.1f} kB" if count < 1e5 else f"{count / 1e6:,.1f} MB"
