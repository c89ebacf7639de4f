"""The screening journey: a whole hospital's export, far larger than memory, down to the cases of the registry.

    files ──► chunks ──► candidates ──► scatter by patient ──► judge each partition ──► decisions, cases, summary
              (parallel)  (bytes, then   (parallel, spilled     (parallel, the same
                           exact)         to disk)               judgement as a pull's)

The same functions do the work on one machine's cores and on Apache Spark, and the result is the same byte for byte:
each step is a function of a chunk or of a partition, and everything that comes out is sorted.

Takes from: errors, resource, hospital (sources, matching), judgement, mapping, eligibility, exports.  Gives to: cli.
"""

from adapter.screen.chunks import find_files, plan_chunks
from adapter.screen.journey import exit_code, screen, workspace
from adapter.screen.judging import Plan
from adapter.screen.local import open_local
from adapter.screen.output import make_folder
from adapter.screen.spark import open_spark

__all__ = [
    "Plan",
    "exit_code",
    "find_files",
    "make_folder",
    "open_local",
    "open_spark",
    "plan_chunks",
    "screen",
    "workspace",
]
