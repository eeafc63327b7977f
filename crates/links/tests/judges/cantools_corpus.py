"""Every DBC file below a folder, as cantools reads it in its loose mode: one JSON line for each file, and one for each of
some random frames of its messages with what it decodes.

usage: cantools_corpus.py FOLDER FRAMES_PER_MESSAGE SEED
"""

import json
import logging
import pathlib
import random
import resource
import sys

import cantools
from cantools_decode import frames

MEMORY_BYTES = 4 << 30


def encoding(path):
    """cantools takes every file for Windows-1252; many are UTF-8."""
    try:
        path.read_text("utf-8")
        return "utf-8-sig"
    except UnicodeDecodeError:
        return "cp1252"


def main():
    folder, count, seed = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    logging.disable(logging.WARNING)
    rng = random.Random(seed)
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() == ".dbc"):
        try:
            messages = cantools.database.load_file(str(path), encoding=encoding(path), strict=False).messages
        except Exception as error:  # Whatever it says, it does not read the file.
            print(json.dumps({"file": str(path), "error": str(error)[:200]}))
            continue
        print(json.dumps({"file": str(path), "messages": len(messages)}))
        for message in messages:
            head = {"file": str(path), "name": message.name, "id": message.frame_id}
            head |= {"extended": message.is_extended_frame, "length": message.length}
            if not message.signals or len({s.name for s in message.signals}) < len(message.signals):
                print(json.dumps(head))
                continue
            for frame in frames(rng, message, count):
                print(json.dumps({**head, **frame}))


main()
