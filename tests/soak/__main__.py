"""Many jobs on one cache for minutes, some of them killed: ``python -m tests.soak [MINUTES]``.

Tokens live so shortly that each grant is renewed every few seconds. Every file that a job has
written is held to the promise: no token in it had less left than the rule keeps in reserve when
the file was put in place.
"""

import base64
import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from generator.cache.freshness import SHORTEST_USE_S
from tests.e2e.command import CANARY, start
from tests.parts.ecr import EcrStandIn

REGIONS = ("eu-west-1", "us-east-1", "ap-southeast-2")
LIFETIME_S = SHORTEST_USE_S + 20
WORKERS = 4
KILLED_SHARE = 0.1


@dataclass(slots=True)
class Tally:
    """What happened so far."""

    runs: int = 0
    kills: int = 0
    states: dict[str, int] = field(default_factory=dict)
    least_left_s: float = LIFETIME_S
    broken: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True)
class Soak:
    """A stand-in for ECR, a folder with a config and a cache, and when to stop."""

    ecr: EcrStandIn
    folder: Path
    until: float
    tally: Tally

    def work(self, number: int) -> None:
        """Run jobs one after the other."""
        dice = random.Random(number)
        target = self.folder / f"dockercfg-{number}"
        environment = {
            **self.ecr.environment,
            "DOCKERCFG_CONFIG": str(self.folder / "registries.yaml"),
            "DOCKERCFG_CACHE_DIR": str(self.folder / "cache"),
        }
        while time.monotonic() < self.until:
            job = start(target, environment=environment)
            if dice.random() < KILLED_SHARE:
                time.sleep(dice.random() * 0.6)
                job.send_signal(dice.choice([signal.SIGKILL, signal.SIGTERM]))
            self._judge(job, target)

    def _judge(self, job: "subprocess.Popen[str]", target: Path) -> None:
        _, stderr = job.communicate(timeout=60)
        with self.tally.lock:
            self.tally.runs += 1
            if job.returncode < 0 or job.returncode > 128:
                self.tally.kills += 1
            elif job.returncode:
                self.tally.broken.append(f"exit {job.returncode}: {stderr}")
            if CANARY in stderr:
                self.tally.broken.append("a secret in the log")
            for state in ("fetched", "cached", "kept the stored"):
                count = self.tally.states.get(state, 0)
                self.tally.states[state] = count + stderr.count(state)
        if job.returncode == 0:
            self._hold_to_the_promise(target)

    def _hold_to_the_promise(self, target: Path) -> None:
        written_at = target.stat().st_mtime
        for entry in json.loads(target.read_text())["auths"].values():
            token = base64.b64decode(entry["auth"]).decode().partition(":")[2]
            left_s = self.ecr.issued[token] - written_at
            with self.tally.lock:
                self.tally.least_left_s = min(self.tally.least_left_s, left_s)
                if left_s < SHORTEST_USE_S:
                    self.tally.broken.append(f"a token with {left_s:.2f} s left")


def main() -> int:
    """Soak, report, and fail if a promise was broken."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="soak-") as name, EcrStandIn() as ecr:
        folder = Path(name)
        ecr.lifetime_s, ecr.delay_s = LIFETIME_S, 0.05
        hosts = [f"123456789012.dkr.ecr.{region}.amazonaws.com" for region in REGIONS]
        entries = "".join(f"  e{n}: {{server: {host}}}\n" for n, host in enumerate(hosts))
        (folder / "registries.yaml").write_text(f"registries:\n{entries}")
        soak = Soak(ecr, folder, time.monotonic() + minutes * 60, tally)
        workers = [threading.Thread(target=soak.work, args=(n,)) for n in range(WORKERS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        calls = ecr.token_calls
        leftovers = [path.name for path in folder.glob("**/.*tmp*")]
    print(f"{minutes:g} min, {WORKERS} jobs at a time, {len(REGIONS)} grants of {LIFETIME_S:g} s")
    print(
        f"runs {tally.runs}, killed {tally.kills}, upstream calls {calls}, entries {tally.states}"
    )
    print(f"least validity left in a file when it was written: {tally.least_left_s:.2f} s")
    print(f"temporary files left by killed jobs: {len(leftovers)}")
    print("\n".join(tally.broken[:20]) or "every promise was kept")
    return 1 if tally.broken else 0


if __name__ == "__main__":
    sys.exit(main())
