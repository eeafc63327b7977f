"""Sends a whole pack at 5 Hz: frames encoded by cantools, carried by python-can messages, in cannelloni v2 packets.

Usage: send_pack.py UDP_PORT DBC_FILE
Cell i has 3000 + i mV and 20 + i % 10 degC; the voltage of cell 5 is marked invalid. Ends by itself after a minute.
"""
import socket
import struct
import sys
import time

import can
import cantools

port, dbc_file = int(sys.argv[1]), sys.argv[2]
dbc = cantools.database.load_file(dbc_file)


def frame(name, values):
    message = dbc.get_message_by_name(name)
    complete = {s.name: 0 for s in message.signals if not s.multiplexer_ids}
    complete.update(values)
    data = message.encode(complete, strict=False)
    return can.Message(arbitration_id=message.frame_id, data=data, is_extended_id=message.is_extended_frame)


def sweep():
    yield frame("PackValues", {"BatteryVoltage": 858.0, "BusVoltage": 857.5, "BatteryPower": -85.8, "BatteryCurrent": -100.0})
    yield frame("PackDetails", {"Soc": 71.43})
    for mux in range(65):
        values = {"CellVoltageMux": mux}
        for cell in range(4 * mux, 4 * mux + 4):
            values[f"CellVoltage_{cell:03}"] = 3000 + cell
            values[f"CellVoltageValid_{cell:03}"] = 0 if cell == 5 else 1
        yield frame("CellVoltages", values)
    for mux in range(44):
        values = {"CellTemperatureMux": mux}
        for cell in range(6 * mux, min(6 * mux + 6, 260)):
            values[f"CellTemperature_{cell:03}"] = 20 + cell % 10
            values[f"CellTemperatureValid_{cell:03}"] = 1
        yield frame("CellTemperatures", values)


frames = [
    struct.pack(">IB", m.arbitration_id | (0x80000000 if m.is_extended_id else 0), m.dlc) + bytes(m.data) for m in sweep()
]
packets = [frames[i : i + 100] for i in range(0, len(frames), 100)]
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sequence = 0
end = time.monotonic() + 60
while time.monotonic() < end:
    for packet in packets:
        out.sendto(struct.pack(">BBBH", 2, 0, sequence, len(packet)) + b"".join(packet), ("127.0.0.1", port))
        sequence = (sequence + 1) % 256
    time.sleep(0.2)
