"""A process that has loaded what it needs answers evenly: what was loaded is not looked at again for garbage."""

import gc
import subprocess
import sys

CODE = """
import gc
from lotone.serve.process import COLLECT_AFTER, TURN_S, answer_evenly
import sys
answer_evenly()
assert gc.get_freeze_count() > 10_000, gc.get_freeze_count()
assert gc.get_threshold()[0] == COLLECT_AFTER and gc.isenabled()
assert sys.getswitchinterval() == TURN_S
"""


def test_what_was_loaded_is_left_alone() -> None:
    assert gc.get_freeze_count() == 0, "the tests themselves are not such a process"
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
