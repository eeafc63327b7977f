"""Decodes frames with cantools: a DBC file as argument, lines "ID DATA" in hex on stdin, JSON of all signals out."""

import json
import sys

import cantools

database = cantools.database.load_file(sys.argv[1])
values = {}
for line in sys.stdin:
    can_id, data = line.split()
    values.update(database.decode_message(int(can_id, 16), bytes.fromhex(data), decode_choices=False))
json.dump(values, sys.stdout)
