"""Random DBC files, and random frames of them with what cantools reads in each: one JSON line for each frame.

usage: cantools_random.py FOLDER FILES FRAMES_PER_MESSAGE SEED

Every feature of the format that a signal can have is drawn: byte order, sign, floats, factor and offset, words,
extended identifiers, frames of up to 64 bytes, switches side by side and inside one another with ranges of values.
Signals behind different switches may overlap. Values are given as the bytes of a double; none at all if a switch has a value nobody wants.
"""

import json
import random
import resource
import sys

import cantools
from cantools_decode import frames

# cantools makes a codec for each combination of switch values: depth and ranges are kept small, and memory and time are bounded.
MEMORY_BYTES = 1 << 30
CPU_SECONDS = 120
MAX_DEPTH = 3
SIZES = [*range(1, 9), 12, 16, 20, 24, 32, 48, 64]
HEAD = 'VERSION ""\n\nNS_ :\n\nBS_:\n\nBU_: Node\n\n'


def place(rng, size, bits, taken):
    """The free bits of a field that lies within `size` bytes, with its DBC start bit and byte order; None if it finds none."""
    for _ in range(20):
        first = rng.randint(0, size * 8 - bits)
        big = rng.random() < 0.5
        # Little-endian counts bits from the lowest of a byte, big-endian from the highest.
        path = {n // 8 * 8 + 7 - n % 8 if big else n for n in range(first, first + bits)}
        if not path & taken:
            return path, (first // 8 * 8 + 7 - first % 8 if big else first), ("0" if big else "1")
    return None


def message_text(rng, number, extended_id):
    size = rng.choice(SIZES)
    frame_id = rng.randint(0, (1 << 29) - 1) | 1 << 31 if extended_id else rng.randint(0, (1 << 11) - 1)
    lines, after, switches, named, outers = [], [], {}, [], set()
    extended = rng.random() < 0.6
    # cantools reads the signals of one switch, and those of none, in one go: these must not overlap.
    switch_bits, taken = set(), {}
    for s in range(rng.randint(1, 12)):
        name = f"S{number}_{s}"
        outer = rng.choice(list(switches)) if switches and rng.random() < 0.6 else None
        depth = switches[outer] + 1 if outer else 0
        is_switch = rng.random() < 0.4 and depth < MAX_DEPTH if extended else (not switches and rng.random() < 0.5)
        kind = "u" if is_switch else rng.choice("uuuusssfd")
        limit = size * 8
        if (kind == "f" and limit < 32) or (kind == "d" and limit < 64):
            kind = "s"
        bits = {"f": 32, "d": 64}.get(kind, rng.randint(1, min(64, limit)))
        bits = min(bits, rng.choice([3, 8, 12])) if is_switch else bits
        found = place(rng, size, bits, taken.setdefault(outer, set()) | switch_bits)
        if found is None:
            continue
        path, start, order = found
        taken[outer] |= path
        switch_bits |= path if is_switch else set()
        mark = ""
        if outer:
            outers.add(outer)
            low = rng.randint(0, 6)
            high = low + rng.choice([0, 0, 1, 3, 3 if is_switch or depth > 1 else 300])
            ranges = f"{low}-{high}" + (f", {high + 2}-{high + 2}" if rng.random() < 0.3 else "")
            mark = f"m{low}"
            if extended:
                after.append(f"SG_MUL_VAL_ {frame_id} {name} {outer} {ranges};")
        if is_switch:
            mark += "M"
            switches[name] = depth
        factor, offset = (1, 0) if is_switch else (rng.choice([1, 0.1, 0.25, -2, 1e-3, 7]), rng.choice([0, 0, -40, 0.5, 3000]))
        sign = "+" if kind == "u" else "-"
        lines.append(f' SG_ {name} {mark} : {start}|{bits}@{order}{sign} ({factor},{offset}) [0|0] "V" Node')
        if kind in "fd":
            after.append(f"SIG_VALTYPE_ {frame_id} {name} : {1 if kind == 'f' else 2};")
        elif rng.random() < 0.3:
            named.append(name)
            low = 0 if kind == "u" else -1
            words = " ".join(f'{value} "word {value}"' for value in range(low, 3))
            after.append(f"VAL_ {frame_id} {name} {words} ;")
    # A switch that nothing is behind is a plain signal to us; to cantools its named values are the only ones.
    idle = {name for name in switches if name in named and name not in outers}
    after = [line for line in after if not (line.startswith("VAL_ ") and line.split()[2] in idle)]
    return frame_id, f"BO_ {frame_id} M{number}: {size} Node\n" + "\n".join(lines) + "\n\n", "\n".join(after) + "\n"


def database_text(rng):
    bodies, tails, ids = [], [], set()
    for number in range(rng.randint(1, 5)):
        frame_id, body, tail = message_text(rng, number, rng.random() < 0.4)
        if frame_id not in ids:
            ids.add(frame_id)
            bodies.append(body)
            tails.append(tail)
    return HEAD + "".join(bodies) + "".join(tails)


def main():
    folder, files, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    rng = random.Random(seed)
    for number in range(files):
        path = f"{folder}/{number}.dbc"
        with open(path, "w", encoding="utf-8") as file:
            file.write(database_text(rng))
        for message in cantools.database.load_file(path, strict=False).messages:
            row = {"file": path, "id": message.frame_id, "extended": message.is_extended_frame}
            for frame in frames(rng, message, count):
                print(json.dumps({**row, **frame}))


main()
