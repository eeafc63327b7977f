"""Random frames of a DBC file, encoded by cantools: one JSON line for each, with the values that cantools reads in it.

usage: cantools_frames.py DBC FRAMES_PER_MESSAGE SEED
"""

import json
import random
import sys

import cantools


def raw_value(rng, signal):
    if signal.is_float:
        return rng.uniform(-1e6, 1e6)
    low, high = (-(1 << signal.length - 1), (1 << signal.length - 1) - 1) if signal.is_signed else (0, (1 << signal.length) - 1)
    return rng.choice([low, high, rng.randint(low, high)])


def frames(message, count, rng):
    switch = next((signal for signal in message.signals if signal.is_multiplexer), None)
    ids = sorted({value for signal in message.signals for value in signal.multiplexer_ids or []})
    for number in range(count):
        # Every value of the switch at least once, if there are enough frames.
        value = ids[number % len(ids)] if switch else None
        carried = (s for s in message.signals if not s.multiplexer_ids or value in s.multiplexer_ids)
        values = {signal.name: raw_value(rng, signal) for signal in carried}
        if switch:
            values[switch.name] = value
        data = message.encode(values, scaling=False, padding=False, strict=False)
        decoded = message.decode(data, decode_choices=False)
        yield {"id": message.frame_id, "extended": message.is_extended_frame, "data": data.hex(), "values": decoded}


def main():
    path, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rng = random.Random(seed)
    for message in cantools.database.load_file(path).messages:
        for frame in frames(message, count, rng):
            print(json.dumps(frame))


main()
