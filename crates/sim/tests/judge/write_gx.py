"""Sets the simulated GX with pymodbus.

Host and port as arguments; JSON of what was read back, of the grid power that its meter measures, and of the refusals.
"""

import json
import sys
import time

from pymodbus.client import ModbusTcpClient

SETTINGS, BATTERY, GRID = 100, 225, 30
gx = ModbusTcpClient(sys.argv[1], port=int(sys.argv[2]), timeout=5)
assert gx.connect()


def settings():
    """Grid setpoint, W, and minimum state of charge, %."""
    high, low = gx.read_holding_registers(2716, count=2, device_id=SETTINGS).registers
    watts = int.from_bytes(high.to_bytes(2, "big") + low.to_bytes(2, "big"), "big", signed=True)
    return [watts, gx.read_holding_registers(2901, count=1, device_id=SETTINGS).registers[0] / 10]


def grid():
    """What the grid meter measures once it is steady, W."""
    time.sleep(6)
    words = gx.read_holding_registers(2638, count=6, device_id=GRID).registers
    legs = [int.from_bytes(words[i].to_bytes(2, "big") + words[i + 1].to_bytes(2, "big"), "big", signed=True) for i in (0, 2, 4)]
    return sum(legs)


def set_grid(watts):
    raw = watts.to_bytes(4, "big", signed=True)
    done = gx.write_registers(2716, [raw[0] << 8 | raw[1], raw[2] << 8 | raw[3]], device_id=SETTINGS)
    assert not done.isError(), done


told = {"at first": settings()}
set_grid(-1500)
told["fed in"] = [settings(), grid()]
set_grid(900)
told["drawn"] = [settings(), grid()]
assert not gx.write_register(2901, 955, device_id=SETTINGS).isError()
told["kept"] = [settings(), grid()]
told["refusals"] = {
    "above 100 %": gx.write_register(2901, 1001, device_id=SETTINGS).exception_code,
    "half of the setpoint": gx.write_register(2716, 0, device_id=SETTINGS).exception_code,
    "behind the battery's unit": gx.write_register(2901, 300, device_id=BATTERY).exception_code,
    "unknown register": gx.write_register(2700, 100, device_id=SETTINGS).exception_code,
    "a measured value": gx.write_register(840, 1, device_id=SETTINGS).exception_code,
}
told["at last"] = settings()
print(json.dumps(told))
