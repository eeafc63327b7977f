"""A candump log as python-can reads it: one line for each frame.

usage: python_can_read.py FILE
"""

import sys

import can

for message in can.CanutilsLogReader(sys.argv[1]):
    kinds = [("error", message.is_error_frame), ("remote", message.is_remote_frame), ("fd", message.is_fd)]
    kind = next((name for name, is_it in kinds if is_it), "data")
    width = "ext" if message.is_extended_id else "std"
    print(message.channel, f"{message.arbitration_id:x}", width, kind, message.data.hex())
