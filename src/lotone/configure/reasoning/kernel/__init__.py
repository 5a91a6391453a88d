"""The passes over a compiled circuit: native where a library fits the platform, else the same in Python."""

from lotone.configure.reasoning.kernel.native import Native, library
from lotone.configure.reasoning.kernel.passes import Found, Passes
from lotone.configure.reasoning.kernel.plain import Plain
from lotone.configure.reasoning.layout import Layout

__all__ = ["Found", "Native", "Passes", "Plain", "library", "passes_over"]


def passes_over(layout: Layout) -> Passes:
    """The fastest passes that this platform has."""
    native = library()
    return Plain(layout) if native is None else Native(layout, native)
