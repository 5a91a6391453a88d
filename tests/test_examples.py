"""Every example runs as its first lines say, and prints what it found."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
SAYS = {
    "choose_a_bicycle.py": ["Split frame comes along, 3 bicycles are left", "take back: Hub motor"],
    "keep_and_read_samples.py": ["3600 samples are on disk; sent again, 100 were known already", "nothing is missing"],
    "plan_a_shop.py": ["60 minutes late in all, nothing below 60 is possible", "the schedule holds"],
}
NEEDS_A_PLATFORM = {"order_over_http.py"}
"""Run by the tests of the shop."""


def test_no_example_is_forgotten() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == SAYS.keys() | NEEDS_A_PLATFORM


@pytest.mark.journey
@pytest.mark.parametrize("name", SAYS)
def test_an_example_says_what_it_found(name: str) -> None:
    done = subprocess.run([sys.executable, EXAMPLES / name], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    for words in SAYS[name]:
        assert words in done.stdout
