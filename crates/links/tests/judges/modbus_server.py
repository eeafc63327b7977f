"""A Modbus device made with pymodbus, with awkward registers. Prints its port; stops when its input closes.

With the argument "rtu" it wraps its replies as on a serial line.

  0-1   s32  51234             2-3  s32  no value (0x80000000)     4  s16  -12
  10-11 f32  3.25              12-13 f32 NaN
  20    answers after 700 ms   30    not there (exception 2)       40-43  answers with one register too few
"""

import asyncio
import sys
import time

from pymodbus import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

SLOW, SHORT = 20, 40

REGISTERS = [
    SimData(0, values=[51_234], datatype=DataType.INT32),
    SimData(2, values=[-(2**31)], datatype=DataType.INT32),
    SimData(4, values=[-12], datatype=DataType.INT16),
    SimData(10, values=[3.25, float("nan")], datatype=DataType.FLOAT32),
    SimData(SLOW, values=[1], datatype=DataType.REGISTERS),
    SimData(SHORT, values=[1, 2, 3, 4], datatype=DataType.REGISTERS),
]


async def main():
    asked = [0]

    def spoil(sending, pdu):
        if not sending:
            asked[0] = pdu.address
        elif asked[0] == SLOW:
            time.sleep(0.7)
        elif asked[0] == SHORT:
            pdu.registers = pdu.registers[:-1]
        return pdu

    framer = FramerType.RTU if sys.argv[1:] == ["rtu"] else FramerType.SOCKET
    device = SimDevice(1, simdata=REGISTERS)
    server = ModbusTcpServer(device, framer=framer, address=("127.0.0.1", 0), trace_pdu=spoil)
    await server.listen()
    print(server.transport.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.shutdown()


asyncio.run(main())
