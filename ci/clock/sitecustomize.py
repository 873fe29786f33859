"""A clock that is CLOCK_SPEED times faster, for the Python programs that ci/peers.py runs unchanged.

What they wait for and how late they think it is go by it. Time limits of the network don't: they are
the operating system's.
"""

import os
import time

speed = float(os.environ.get("CLOCK_SPEED", "1"))
began, real_time, real_sleep = time.time(), time.time, time.sleep
time.time = lambda: began + (real_time() - began) * speed
time.sleep = lambda seconds: real_sleep(seconds / speed)
