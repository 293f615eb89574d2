"""Options that take several values, as argparse has them: `--mean 104 117 123`."""

from __future__ import annotations

import click


class VariadicCommand(click.Command):
    """A command whose options in `variadic` take all values up to the next option, as if each were given by itself.

    The values of those in `numeric` may be separated by commas too.
    """

    numeric = ("--mean", "--norm", "--std", "--fill")
    variadic = ("--images", "--keep-float", *numeric)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeats the option before each of its values."""
        repeated: list[str] = []
        option = ""
        for word in args:
            if word.startswith("-") and not _is_number(word):
                name, equals, value = word.partition("=")
                option = name if name in self.variadic else ""
                repeated += self._values(option, value) if option and equals else [] if option else [word]
            else:
                repeated += self._values(option, word)
        return super().parse_args(ctx, repeated)

    def _values(self, option: str, word: str) -> list[str]:
        parts = word.split(",") if option in self.numeric else [word]
        return [item for part in parts for item in ([option, part] if option else [part])]


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
