"""Reads a Cerbo GX and a Sol-Ark with pymodbus: host, port of each and of the serial gateway as arguments, JSON out."""

import json
import sys

from pymodbus import FramerType
from pymodbus.client import ModbusTcpClient

host, gx_port, inverter_port, serial_port = sys.argv[1], *map(int, sys.argv[2:5])
gx = ModbusTcpClient(host, port=gx_port, timeout=5)
inverter = ModbusTcpClient(host, port=inverter_port, timeout=5)
serial = ModbusTcpClient(host, port=serial_port, framer=FramerType.RTU, timeout=5)
assert gx.connect() and inverter.connect() and serial.connect()


def words(client, unit, address, count, read="read_holding_registers"):
    answer = getattr(client, read)(address, count=count, device_id=unit)
    assert not answer.isError(), (unit, address, answer)
    return answer.registers


def number(client, unit, address, kind, order="big"):
    kind = getattr(client.DATATYPE, kind)
    return client.convert_from_registers(words(client, unit, address, kind.value[1]), kind, word_order=order)


def refusal(client, unit, address, count, read="read_holding_registers"):
    return getattr(client, read)(address, count=count, device_id=unit).exception_code


def text(client, unit, address, count):
    return client.convert_from_registers(words(client, unit, address, count), client.DATATYPE.STRING)


battery, system = {}, {}
for name, address, kind, scale in [
    ("power_w", 256, "INT32", 1), ("voltage_v", 259, "UINT16", 100), ("current_a", 261, "INT16", 10),
    ("temperature_c", 262, "INT16", 10), ("soc_pct", 266, "UINT16", 10), ("soh_pct", 304, "UINT16", 10),
    ("capacity_ah", 309, "UINT16", 10), ("cell_min_v", 1290, "UINT16", 100), ("cell_max_v", 1291, "UINT16", 100),
]:
    battery[name] = number(gx, 225, address, kind) / scale
for name, address, kind, scale in [
    ("voltage_v", 840, "UINT16", 10), ("current_a", 841, "INT16", 10), ("power_w", 842, "INT16", 1),
    ("soc_pct", 843, "UINT16", 1), ("state", 844, "UINT16", 1),
]:
    system[name] = number(gx, 100, address, kind) / scale

sol_ark = {
    "serial": text(inverter, 1, 3, 5),
    "grid_w": number(inverter, 1, 169, "INT16"),
    "house_w": number(inverter, 1, 178, "INT16"),
    "temperature_c": number(inverter, 1, 182, "UINT16") / 10 - 100,
    "voltage_v": number(inverter, 1, 183, "UINT16") / 100,
    "soc_pct": number(inverter, 1, 184, "UINT16"),
    "solar_w": sum(words(inverter, 1, 186, 3)),
    "power_w": number(inverter, 1, 190, "INT16"),
    "current_a": number(inverter, 1, 191, "INT16") / 100,
    "house_total_kwh": number(inverter, 1, 85, "UINT32", "little") / 10,
}

print(json.dumps({
    "battery": battery,
    "system": system,
    "mac": text(gx, 100, 800, 6),
    "reserved": words(gx, 100, 847, 3, "read_input_registers"),
    "meter_w": sum(number(gx, 30, address, "INT32") for address in (2638, 2640, 2642)),
    "house_of_gx_w": sum(number(gx, 100, address, "UINT32") for address in (902, 904, 906)),
    "sol_ark": sol_ark,
    "over_serial_w": number(serial, 1, 178, "INT16"),
    "refusals": {
        "absent battery": refusal(gx, 226, 266, 1),
        "no inverter/charger": refusal(gx, 227, 31, 1),
        "system behind the battery's unit": refusal(gx, 225, 840, 1),
        "hole": refusal(gx, 100, 846, 7),
        "unknown register": refusal(gx, 100, 99, 1),
        "coils": gx.read_coils(840, count=1, device_id=100).exception_code,
        "write": gx.write_register(280, 1, device_id=225).exception_code,
        "beyond the inverter": refusal(inverter, 1, 331, 2),
        "input registers of the inverter": refusal(inverter, 1, 184, 1, "read_input_registers"),
        "another inverter": refusal(inverter, 2, 184, 1),
    },
}))
for client in (gx, inverter, serial):
    client.close()
