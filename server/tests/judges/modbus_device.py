"""A Modbus TCP device made with pymodbus, that can be told to misbehave: `modbus_device.py UNIT FIRST:COUNT...`.

Its registers are all 0 at first. Prints its port; stops when its input closes. A line on its input is an order, answered
by "ok":

  set ADDRESS WORD...    registers from ADDRESS on have these values
  exception CODE         every request is refused with this code
  silence                requests are not answered
  answer                 all is well again
  reset                  every connection is closed
"""

import asyncio
import sys

from pymodbus.pdu import ExceptionResponse
from pymodbus.server import ModbusTcpServer
from pymodbus.server.requesthandler import ServerRequestHandler
from pymodbus.simulator import DataType, SimData, SimDevice

UNIT = int(sys.argv[1])
BLOCKS = [tuple(int(part) for part in block.split(":")) for block in sys.argv[2:]]
words = {first + place: 0 for first, count in BLOCKS for place in range(count)}


def set_words(address, values):
    for place, value in enumerate(values):
        words[address + place] = value & 0xFFFF


mode = {"exception": None, "silence": False}
send = ServerRequestHandler.server_send


def send_or_not(self, pdu, address):
    if not mode["silence"]:
        send(self, pdu, address)


ServerRequestHandler.server_send = send_or_not


async def main():
    asked = {}

    def answer(sending, pdu):
        if not sending:
            asked["address"], asked["count"] = pdu.address, getattr(pdu, "count", 0)
            return pdu
        if mode["exception"] is not None:
            return ExceptionResponse(3, mode["exception"], pdu.dev_id, pdu.transaction_id)
        if getattr(pdu, "registers", None):
            pdu.registers = [words[asked["address"] + place] for place in range(asked["count"])]
        return pdu

    registers = [SimData(first, values=[0] * count, datatype=DataType.REGISTERS) for first, count in BLOCKS]
    server = ModbusTcpServer(SimDevice(UNIT, simdata=registers), address=("127.0.0.1", 0), trace_pdu=answer)
    await server.listen()
    print(server.transport.sockets[0].getsockname()[1], flush=True)

    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order, *rest = line.split()
        match order:
            case "set":
                set_words(int(rest[0], 0), [int(word, 0) for word in rest[1:]])
            case "exception":
                mode["exception"] = int(rest[0])
            case "silence":
                mode["silence"] = True
            case "answer":
                mode.update(exception=None, silence=False)
            case "reset":
                for connection in list(server.active_connections.values()):
                    connection.close()
        print("ok", flush=True)
    await server.shutdown()


asyncio.run(main())
