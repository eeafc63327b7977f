"""What cantools reads in the frames of a candump log: one JSON line for each frame.

usage: cantools_log.py DBC LOG
"""

import json
import sys

import cantools


def main():
    database = cantools.database.load_file(sys.argv[1])
    for line in open(sys.argv[2], encoding="ascii"):
        frame_id, data = line.split()[2].split("#")
        extended = len(frame_id) == 8
        wanted = int(frame_id, 16)
        message = next(m for m in database.messages if m.frame_id == wanted and m.is_extended_frame == extended)
        values = message.decode(bytes.fromhex(data), decode_choices=False)
        print(json.dumps({"id": wanted, "extended": extended, "data": data, "values": values}))


main()
