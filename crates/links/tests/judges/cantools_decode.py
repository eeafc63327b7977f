"""Random frames of a message of a DBC file, and what cantools reads in each; for the other judges."""

import struct

import cantools
from cantools.database.utils import create_encode_decode_formats, decode_data


def write(data, signal, value):
    """Puts the bits of a switch into the frame."""
    bit = signal.start
    bits = range(signal.length - 1, -1, -1) if signal.byte_order == "big_endian" else range(signal.length)
    for n in bits:
        data[bit // 8] = data[bit // 8] & ~(1 << bit % 8) | (value >> n & 1) << bit % 8
        if signal.byte_order == "big_endian":
            bit = bit + 15 if bit % 8 == 0 else bit - 1
        else:
            bit += 1


def turn_switches(rng, message, tree, data):
    """Gives most of the switches that a frame asks for a value that some signal wants."""
    for node in tree:
        if isinstance(node, dict):
            for name, branches in node.items():
                signal = message.get_signal_by_name(name)
                possible = [value for value in branches if value < 1 << signal.length]
                # Of a switch that nothing is behind, cantools takes named values only.
                if possible and (rng.random() < 0.9 or not any(branches.values())):
                    value = rng.choice(possible)
                    write(data, signal, value)
                    turn_switches(rng, message, branches[value], data)


def names(tree):
    """All signals of a tree."""
    for node in tree:
        if isinstance(node, dict):
            for name, branches in node.items():
                yield name
                for branch in branches.values():
                    yield from names(branch)
        else:
            yield node


def read(message, data):
    """Values as the bytes of doubles, and the words for them."""
    try:
        values = message.decode(data, decode_choices=False)
        named = message.decode(data, decode_choices=True)
    except cantools.database.errors.DecodeError as error:
        if "unpacking failed" not in str(error) or message.is_multiplexed():
            raise
        # Signals that overlap, or lie outside: cantools reads the others, but not all in one go.
        values, named = {}, {}
        for signal in message.signals:
            formats = create_encode_decode_formats([signal], message.length)
            for found, words in [(values, False), (named, True)]:
                try:
                    found |= decode_data(data, message.length, [signal], formats, words, True, False, False)
                except cantools.database.errors.DecodeError:
                    pass
    values = {name: struct.pack(">d", float(value)).hex() for name, value in values.items()}
    return values, {name: value.name for name, value in named.items() if hasattr(value, "name")}


def frames(rng, message, count):
    """Random frames of a message: the data, its values and words; no values at all if a switch has a value that no
    signal wants. None of what cantools cannot read: signals behind a switch with a long name or one that is written
    `m`, which it loses, behind a switch with a sign, and multiplexed ones that overlap or lie outside."""
    lost = {signal.name for signal in message.signals} - set(names(message.signal_tree))
    if lost or any(signal.is_multiplexer and signal.is_signed for signal in message.signals):
        return
    for _ in range(count):
        data = bytearray(rng.randbytes(message.length))
        turn_switches(rng, message, message.signal_tree, data)
        values, words = None, {}
        try:
            values, words = read(message, bytes(data))
        except cantools.database.errors.DecodeError as error:
            if "unpacking failed" in str(error):
                return
        yield {"data": data.hex(), "values": values, "words": words}
