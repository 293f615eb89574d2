"""Options that take several values, as argparse has them: `--mean 104 117 123`."""

from __future__ import annotations

import click


class Many(click.Command):
    """A command whose options in `many` take all values up to the next option; each counts as given by itself.

    Those in `numbers` may have commas between them too.
    """

    numbers = ("--mean", "--norm", "--std")
    many = ("--images", "--keep-float", *numbers)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeats the option before each of its values."""
        spread: list[str] = []
        option = ""
        for word in args:
            if word.startswith("-") and not _number(word):
                name, equals, value = word.partition("=")
                option = name if name in self.many else ""
                spread += self._values(option, value) if option and equals else [] if option else [word]
            else:
                spread += self._values(option, word)
        return super().parse_args(ctx, spread)

    def _values(self, option: str, word: str) -> list[str]:
        parts = word.split(",") if option in self.numbers else [word]
        return [item for part in parts for item in ([option, part] if option else [part])]


def _number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
