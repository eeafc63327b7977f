"""Sets the simulated controller by all its doors, each with a library of others: pymodbus, pysunspec2, cantools.

Host, Modbus port, SunSpec port, DBC file and UDP port as arguments; JSON of what was read back after each write.
"""

import json
import socket
import sys

import cantools
import sunspec2.modbus.client as sunspec
from pymodbus.client import ModbusTcpClient

host, modbus_port, sunspec_port, dbc, udp_port = sys.argv[1:]
told = {}

modbus = ModbusTcpClient(host, port=int(modbus_port), timeout=5)
assert modbus.connect()
told["defaults"] = modbus.read_holding_registers(0, count=8).registers
modbus.write_register(1, 805)
modbus.write_registers(3, [0, 1])
told["modbus"] = modbus.read_holding_registers(0, count=8).registers
told["refusals"] = [
    modbus.write_register(address, value).exception_code for address, value in ((0, 501), (1, 2501), (3, 2), (5, 1), (99, 1))
]

device = sunspec.SunSpecModbusClientDeviceTCP(slave_id=1, ipaddr=host, ipport=int(sunspec_port), timeout=5)
device.scan()
storage, battery = device.models[124][0], device.models[802][0]


def storage_says():
    storage.read()
    return [storage.WChaMax.cvalue, storage.OutWRte.cvalue, storage.InWRte.cvalue, storage.StorCtl_Mod.value]


told["storage"] = [storage_says()]
storage.InOutWRte_RvrtTms.value = 30
storage.OutWRte.cvalue = 40.0
storage.InWRte.cvalue = 8.0
storage.StorCtl_Mod.value = 3
storage.write()
told["storage"].append(storage_says())
battery.SoCRsvMin.cvalue = 33.5
battery.write()
battery.read()
told["battery"] = [battery.SoCRsvMin.cvalue, battery.LocRemCtl.value, battery.SetOp.value]
told["after_sunspec"] = modbus.read_holding_registers(0, count=5).registers

# CRC-8 of SAE J1850 by its definition, as a division of bits.
def crc(data):
    value = 0xFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value << 1 ^ 0x1D) & 0xFF if value & 0x80 else value << 1
    return value ^ 0xFF


database = cantools.database.load_file(dbc)
limits, state = database.get_message_by_name("ControlLimits"), database.get_message_by_name("ControlState")
bus = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
bus.bind((host, int(udp_port)))
bus.settimeout(5)


def next_state():
    """What the controller goes by, and where it sends from."""
    while True:
        packet, sender = bus.recvfrom(2048)
        place = 5
        for _ in range(int.from_bytes(packet[3:5], "big")):
            frame, length = int.from_bytes(packet[place : place + 4], "big"), packet[place + 4]
            if frame == state.frame_id:
                return state.decode(packet[place + 5 : place + 5 + length], decode_choices=False), sender
            place += 5 + length


def send(counter, damaged=False, **values):
    """Sends a frame, and says what the controller goes by a little later."""
    data = limits.encode({**values, "LimitCounter": counter, "LimitCrc": 0}, strict=True)
    data = data[:7] + bytes([crc(data[:7]) ^ damaged])
    _, controller = next_state()
    bus.sendto(bytes([2, 0, counter, 0, 1]) + limits.frame_id.to_bytes(4, "big") + bytes([8]) + data, controller)
    for _ in range(3):
        said, _ = next_state()
    return [said["ActiveDischargeLimit"], said["ActiveChargeLimit"]]


told["can"] = [
    send(1, DischargeLimit=65.5, ChargeLimit=409.5, LimitHold=20),
    send(1, DischargeLimit=10.0, ChargeLimit=10.0, LimitHold=20),
    send(2, damaged=True, DischargeLimit=10.0, ChargeLimit=10.0, LimitHold=20),
    send(3, DischargeLimit=120.0, ChargeLimit=7.5, LimitHold=20),
]
told["after_can"] = modbus.read_holding_registers(0, count=7).registers
print(json.dumps(told))
