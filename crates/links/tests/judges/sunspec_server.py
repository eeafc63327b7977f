"""A SunSpec battery of 2 strings x 3 modules x 4 cells: encoded by pysunspec2, served by pymodbus.

Arguments: address of the marker, serial number. Prints its port; stops when its input closes. A line on its input
becomes the new serial number.

Cells: voltage 3000 + 100 * string + 10 * module + cell, mV; temperature 20 + module / 10 + cell, degC; counts from 1.
The last cell of string 2, module 3 is not implemented. Its reserve is 20 %, and nothing of its storage model is limited. The battery: 71.5 %, 858.2 V, -120.3 A, -103240 W.
"""

import asyncio
import sys

import sunspec2.device
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

STRINGS, MODULES, CELLS = 2, 3, 4
SERIAL_AT = 2 + 50


def words(model, data):
    payload = sunspec2.device.Model(model, data=data).get_mb()
    return [int.from_bytes(payload[i:i + 2], "big") for i in range(0, len(payload), 2)]


def module(string, number):
    cells = [
        {"CellV": 3000 + 100 * string + 10 * number + cell, "CellTmp": 200 + number + 10 * cell, "CellSt": 0}
        for cell in range(1, CELLS + 1)
    ]
    if (string, number) == (STRINGS, MODULES):
        cells[-1] = {"CellV": None, "CellTmp": None, "CellSt": None}
    return words(805, {
        "ID": 805, "L": 42 + 4 * CELLS, "StrIdx": string, "ModIdx": number, "NCell": CELLS, "V": 132, "V_SF": -1,
        "CellV_SF": -3, "Tmp_SF": -1, "lithium-ion-module-cell": cells,
    })


def text(serial):
    raw = serial.encode().ljust(32, b"\0")
    return [int.from_bytes(raw[i:i + 2], "big") for i in range(0, 32, 2)]


def device_words(serial):
    chain = [0x5375, 0x6E53]
    chain += words(1, {"ID": 1, "L": 66, "Mn": "Judge", "Md": "Battery", "Vr": "1", "SN": serial, "DA": 1})
    chain += words(802, {
        "ID": 802, "L": 62, "SoC": 715, "SoC_SF": -1, "V": 8582, "V_SF": -1, "A": -1203, "A_SF": -1, "W": -10324,
        "W_SF": 1, "CellVMax": 3234, "CellVMin": 3111, "CellV_SF": -3, "SoH": 987, "SoH_SF": -1, "AChaMax": 140,
        "AMax_SF": 0, "State": 3, "Typ": 4, "SoCRsvMin": 200, "SoCRsvMax": 950,
    })
    chain += words(124, {
        "ID": 124, "L": 24, "WChaMax": 5000, "WChaMax_SF": 1, "StorCtl_Mod": 0, "OutWRte": 10000, "InWRte": 10000,
        "InOutWRte_SF": -2, "InOutWRte_RvrtTms": 0, "MinRsvPct": 20, "MinRsvPct_SF": 0,
    })
    # A model of another maker, which must be passed over.
    chain += [64_999, 3, 1, 2, 3]
    for string in range(1, STRINGS + 1):
        chain += sum((module(string, number) for number in range(1, MODULES + 1)), [])
    return chain + [0xFFFF, 0]


async def main():
    base, serial = int(sys.argv[1]), sys.argv[2]
    current = {"serial": text(serial)}

    def change(sending, pdu):
        if not sending:
            current["address"] = pdu.address
        elif current.get("address") == base + SERIAL_AT and hasattr(pdu, "registers") and len(pdu.registers) == 16:
            pdu.registers = current["serial"]
        return pdu

    registers = SimData(base, values=device_words(serial), datatype=DataType.REGISTERS)
    server = ModbusTcpServer(SimDevice(1, simdata=[registers]), address=("127.0.0.1", 0), trace_pdu=change)
    await server.listen()
    print(server.transport.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        current["serial"] = text(line.strip())
        # Who was connected to the old device is not connected to the new one.
        for connection in list(server.active_connections.values()):
            connection.close()
    await server.shutdown()


asyncio.run(main())
