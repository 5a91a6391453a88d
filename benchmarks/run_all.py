"""Run every benchmark, each alone in its own process, and print one table. `--quick` for a first look."""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
TIMEOUT_S = 1800


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes")
    parser.add_argument("--json", type=Path, help="write all results into one file")
    parser.add_argument("names", nargs="*", help="only these benchmarks, by file name without .py")
    chosen = parser.parse_args()
    paths = [path for path in sorted(FOLDER.glob("*_*.py")) if path.name != Path(__file__).name]
    results: dict[str, Any] = {}
    failed = []
    for path in paths:
        if chosen.names and path.stem not in chosen.names:
            continue
        print(f"... {path.stem}", file=sys.stderr, flush=True)
        found = run_one(path, quick=chosen.quick)
        if found is None:
            failed.append(path.stem)
        else:
            results[path.stem] = found
    for name, values in results.items():
        print(f"\n{name}")
        for key, value in flat(values):
            print(f"  {key:<52} {value}")
    if chosen.json:
        chosen.json.write_text(json.dumps(results, indent=1))
    for name in failed:
        print(f"FAILED: {name}", file=sys.stderr)
    return 1 if failed else 0


def run_one(path: Path, *, quick: bool) -> Any | None:
    """What the benchmark wrote as JSON; None when it failed (its own output says why)."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "result.json"
        command = [sys.executable, str(path), "--json", str(out), *(["--quick"] if quick else [])]
        done = subprocess.run(command, stdout=sys.stderr, timeout=TIMEOUT_S, check=False)
        return json.loads(out.read_text()) if done.returncode == 0 and out.exists() else None


def flat(values: Any, prefix: str = "") -> list[tuple[str, str]]:
    """Nested values as rows: `points.last  12.5`."""
    if isinstance(values, dict):
        return [row for key, value in values.items() for row in flat(value, f"{prefix}.{key}" if prefix else str(key))]
    if isinstance(values, list) and values and isinstance(values[0], dict):
        return [row for place, value in enumerate(values) for row in flat(value, f"{prefix}[{place}]")]
    return [(prefix, f"{values:,.4g}" if isinstance(values, float) else str(values))]


if __name__ == "__main__":
    sys.exit(main())
