"""One run of an export in a process of its own that kills itself after so many commits: `BASE FOLDER COMMITS`.

Ends with what it would hand over, as JSON on one line, when it comes to the end.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
from pathlib import Path

from tests.unit.test_bulk_faults import desk_at, handed_over


def main() -> None:
    base, folder, commits = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    number = itertools.count(1)

    def goes_on(progress: dict[str, object]) -> bool:
        if "lines" in progress and next(number) == commits:
            os.kill(os.getpid(), signal.SIGKILL)
        return True

    from adapter.bulk import run_export

    with desk_at(base, folder, [], goes_on=goes_on) as desk:
        exported = run_export(desk)
        brought = {patient: sorted(map(list, keys)) for patient, keys in handed_over(desk).items()}
    sys.stdout.write(json.dumps({"missing": exported.missing, "brought": brought}) + "\n")


if __name__ == "__main__":
    main()
