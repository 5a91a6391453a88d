"""Native libraries that the build makes from C sources, one for every platform, in a folder `built` beside them."""

import platform
from ctypes import CDLL
from pathlib import Path

LIBRARIES = {
    ("Linux", "x86_64"): "linux-x86_64.so",
    ("Linux", "aarch64"): "linux-aarch64.so",
    ("Darwin", "x86_64"): "macos-x86_64.dylib",
    ("Darwin", "arm64"): "macos-arm64.dylib",
    ("Windows", "AMD64"): "windows-x86_64.dll",
}


def native_library(built: Path) -> CDLL:
    """The library for this platform. Raises OSError where there is none."""
    return CDLL(str(built / LIBRARIES.get((platform.system(), platform.machine()), "none for this platform")))
