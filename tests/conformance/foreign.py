"""Running the foreign clients of tests/foreign: they speak JSON lines on standard output."""

import fcntl
import hashlib
import json
import queue
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "foreign"


def install() -> None:
    """`npm ci` once per lock file. Only a machine without npm may skip."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    stamp = FOLDER / "node_modules" / "installed.sha256"
    digest = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    with (FOLDER / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may want it at the same time
        if stamp.is_file() and stamp.read_text() == digest:
            return
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        stamp.write_text(digest)


class Script:
    """A running node script; `events` are its JSON lines, read on a thread."""

    def __init__(self, name: str, *arguments: object) -> None:
        node = shutil.which("node")
        assert node, "npm is there, but node is not"
        command = [node, str(FOLDER / name), *map(str, arguments)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.seen: list[dict[str, Any]] = []
        self.other: list[str] = []
        self._lines: queue.Queue[dict[str, Any]] = queue.Queue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith('{"event"'):
                self._lines.put(json.loads(line))
            else:
                self.other.append(line)

    def wait(self, event: str, timeout_s: float = 60) -> dict[str, Any]:
        """The next event of a name; others before it are kept in `seen`."""
        while True:
            try:
                given = self._lines.get(timeout=timeout_s)
            except queue.Empty:
                raise AssertionError(f"no event {event}; seen {self.seen}, else {''.join(self.other)[-2000:]}") from None
            self.seen.append(given)
            if given["event"] == event:
                return given

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        if not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self._thread.join(5)
        self.process.stdout.close()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)
