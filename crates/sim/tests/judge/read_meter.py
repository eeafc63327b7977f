"""Reads a meter with pymodbus: host and port as arguments, JSON of registers and of two refusals out."""

import json
import sys

from pymodbus.client import ModbusTcpClient

client = ModbusTcpClient(sys.argv[1], port=int(sys.argv[2]), timeout=5)
assert client.connect()
whole = client.read_holding_registers(0, count=8, device_id=1)
beyond = client.read_holding_registers(8, count=1, device_id=1)
other = client.read_input_registers(0, count=2, device_id=1)
print(json.dumps({
    "registers": whole.registers,
    "power_w": client.convert_from_registers(whole.registers[0:2], client.DATATYPE.INT32, word_order="big"),
    "beyond": beyond.exception_code,
    "other": other.exception_code,
}))
client.close()
