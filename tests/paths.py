"""Folders that tests refer to."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"  # networks, photographs and reference files; tests that need them are skipped without
