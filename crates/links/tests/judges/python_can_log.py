"""A candump log written by python-can: one frame of each form.

usage: python_can_log.py FILE
"""

import sys

import can

VOLTAGES = bytes.fromhex("00F67233959CCCE7")

FRAMES = [
    {"arbitration_id": 0x250, "is_extended_id": False, "data": VOLTAGES},
    {"arbitration_id": 0x18FF50E5, "is_extended_id": True, "data": b"\x01\x02"},
    {"arbitration_id": 0x123, "is_extended_id": False, "is_remote_frame": True, "dlc": 8},
    {"arbitration_id": 0x123, "is_extended_id": False, "is_fd": True, "bitrate_switch": True, "data": bytes(12)},
    {"arbitration_id": 0x004, "is_extended_id": True, "is_error_frame": True, "data": bytes(8)},
    {"arbitration_id": 0x250, "is_extended_id": False, "data": VOLTAGES, "is_rx": False},
]

with can.CanutilsLogWriter(sys.argv[1]) as log:
    for number, frame in enumerate(FRAMES):
        log.on_message_received(can.Message(timestamp=1_760_000_000 + number / 10, channel="can0", **frame))
