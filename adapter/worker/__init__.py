"""The worker: takes pulls that were asked for and runs them, several at a time, on one machine or on many.

The table `pull_job` is the truth; the queue only wakes. So a message that is lost, sent twice or late costs time and
nothing else, and a worker that is killed leaves a lease that runs out.

Takes from: errors, parts, pull, store.  Gives to: web, cli.
"""

from adapter.worker.loop import Worker
from adapter.worker.queue import Queue, open_queue

__all__ = ["Queue", "Worker", "open_queue"]
