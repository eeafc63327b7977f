"""A meter served by pymodbus: holding registers 0-1 hold -123456 W, high word first. Ends by itself after a minute.

Usage: meter.py TCP_PORT
"""
import asyncio
import sys

from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.server import StartAsyncTcpServer

words = list((-123456).to_bytes(4, "big", signed=True))
registers = [words[0] << 8 | words[1], words[2] << 8 | words[3]] + [0] * 30
device = ModbusDeviceContext(hr=ModbusSequentialDataBlock(1, registers))
context = ModbusServerContext(devices=device, single=True)


async def main():
    try:
        await asyncio.wait_for(StartAsyncTcpServer(context, address=("127.0.0.1", int(sys.argv[1]))), 60)
    except asyncio.TimeoutError:
        pass


asyncio.run(main())
