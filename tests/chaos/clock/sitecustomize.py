"""Read by Python at its start when the clock is false: libfaketime 0.9.10 refuses the way Python sleeps.

time.sleep() waits until an instant of the monotonic clock, which libfaketime takes for an instant of its own.
"""

import select
import time


def _sleep(seconds: float) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], seconds)


time.sleep = _sleep
