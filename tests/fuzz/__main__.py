"""Coverage-guided fuzzing of every decoder: ``make fuzz``.

Each target runs in a process of its own for a share of the time. A crash is written to
``tests/cases/fuzz``, from where the test suite replays it for ever.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from fuzz.targets import FINDINGS, TARGETS, seeds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=50, help="for each target (default 50)")
    parser.add_argument("--only", choices=TARGETS, help="one target alone")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.inside:
        return _fuzz(chosen.only, chosen.seconds)
    failed = []
    for target in [chosen.only] if chosen.only else TARGETS:
        command = [sys.executable, "-m", "tests.fuzz", "--inside", "--only", target]
        ended = subprocess.run([*command, "--seconds", str(chosen.seconds)], check=False)
        print(f"{target}: {'a finding' if ended.returncode else 'nothing found'}", flush=True)
        if ended.returncode:
            failed.append(target)
    return 1 if failed else 0


def _fuzz(target: str, seconds: int) -> int:
    import atheris

    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(seeds(target)):
            (Path(corpus) / str(number)).write_bytes(seed)
        FINDINGS.mkdir(exist_ok=True)
        atheris.instrument_all()
        atheris.Setup(
            [
                sys.argv[0],
                corpus,
                f"-max_total_time={seconds}",
                f"-artifact_prefix={FINDINGS / target.replace(' ', '-')}-",
                "-max_len=4096",
                "-verbosity=0",
                "-print_final_stats=1",
            ],
            TARGETS[target],
        )
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
