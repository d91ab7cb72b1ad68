"""Imports modules in a process that has imported nothing else.

    python imports.py MODULE...

It prints a JSON list: the seconds of CPU time that the imports took, in all threads, and the bytes
that the process, with the interpreter, then has in memory.
"""

import sys
import time


def resident() -> int:
    """The bytes of this process that are in memory."""
    with open("/proc/self/status") as status:
        size = next(line for line in status if line.startswith("VmRSS:"))
    return int(size.split()[1]) * 1024


began = time.process_time()
for module in sys.argv[1:]:
    __import__(module)
took = time.process_time() - began
print([took, resident()])
