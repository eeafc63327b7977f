"""A controller that Packtwin sets, made with libraries of others: what arrives is said as they understand it.

  controlled.py modbus         pymodbus; the registers of registers/packtwin_controller.toml
  controlled.py sunspec        pysunspec2's models 1, 802 and 124, served by pymodbus
  controlled.py can PORT DBC   python-can and cantools, over cannelloni to a link that listens at PORT

Prints its port (0 for CAN), then a line of JSON for each write. Stops when its input closes.
"""

import asyncio
import json
import sys

KIND = sys.argv[1]


def say(what):
    print(json.dumps(what), flush=True)


async def until_input_closes():
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def serve(words, told):
    """Serves registers from 0 on, and tells of each write with all registers as they are after it."""
    from pymodbus.server import ModbusTcpServer
    from pymodbus.simulator import DataType, SimData, SimDevice

    def trace(sending, pdu):
        if not sending and pdu.function_code in (6, 16):
            values = list(pdu.registers)
            words[pdu.address : pdu.address + len(values)] = values
            told(pdu.function_code, pdu.address, values)
        return pdu

    registers = SimData(0, values=list(words), datatype=DataType.REGISTERS)
    server = ModbusTcpServer(SimDevice(1, simdata=[registers]), address=("127.0.0.1", 0), trace_pdu=trace)
    await server.listen()
    say(server.transport.sockets[0].getsockname()[1])
    await until_input_closes()
    await server.shutdown()


async def modbus():
    words = [200, 1500, 500, 1, 1, 0, 0, 0] + [int.from_bytes(b"JU", "big")] + [0] * 7
    await serve(words, lambda function, address, values: say({"function": function, "address": address, "values": values}))


async def sunspec():
    import sunspec2.device

    def words_of(model, data):
        payload = sunspec2.device.Model(model, data=data).get_mb()
        return [int.from_bytes(payload[i : i + 2], "big") for i in range(0, len(payload), 2)]

    common = words_of(1, {"ID": 1, "L": 66, "Mn": "Judge", "Md": "Battery", "Vr": "1", "SN": "J1", "DA": 1})
    battery = words_of(802, {
        "ID": 802, "L": 62, "SoC": 715, "SoC_SF": -1, "V": 8582, "V_SF": -1, "A": -1203, "A_SF": -1, "W": -10324,
        "W_SF": 1, "CellVMax": 3234, "CellVMin": 3111, "CellV_SF": -3, "SoH": 987, "SoH_SF": -1, "AChaMax": 140,
        "AMax_SF": 0, "State": 3, "Typ": 4, "SoCRsvMin": 200, "SoCRsvMax": 950, "LocRemCtl": 0,
    })
    storage = words_of(124, {
        "ID": 124, "L": 24, "WChaMax": 25000, "WChaMax_SF": 1, "StorCtl_Mod": 0, "OutWRte": 10000, "InWRte": 10000,
        "InOutWRte_SF": -2, "InOutWRte_RvrtTms": 0, "MinRsvPct": 20, "MinRsvPct_SF": 0,
    })
    words = [0x5375, 0x6E53] + common + battery + storage + [0xFFFF, 0]
    places = {802: 2 + len(common), 124: 2 + len(common) + len(battery)}
    sizes = {802: len(battery), 124: len(storage)}

    def model(number):
        start = places[number]
        made = sunspec2.device.Model(number)
        made.set_mb(b"".join(word.to_bytes(2, "big") for word in words[start : start + sizes[number]]))
        return made

    def told(function, address, values):
        battery, storage = model(802), model(124)
        say({
            "address": address, "values": values,
            "reserve": battery.SoCRsvMin.cvalue, "out": storage.OutWRte.cvalue,
            "mode": storage.StorCtl_Mod.value, "revert": storage.InOutWRte_RvrtTms.value,
        })

    await serve(words, told)


async def can_bus():
    import can
    import cantools

    port, database = int(sys.argv[2]), cantools.database.load_file(sys.argv[3])
    limits, settings, state = (database.get_message_by_name(name) for name in ("ControlLimits", "ControlSettings", "ControlState"))
    charge = next(message for message in database.messages if "Soc" in message.signal_tree)
    said = {signal.name: max(signal.minimum or 0, 0) for signal in charge.signals} | {"Soc": 71.5}
    has = {"ActiveDischargeLimit": 150.0, "ActiveChargeLimit": 50.0, "ActiveReserve": 20.0, "ActiveMode": 1, "ActiveRun": 1,
           "LocalControl": 0, "DischargeLimitLeft": 0, "ChargeLimitLeft": 0}

    # CRC-8 of SAE J1850 by its definition, as a division of bits.
    def crc(data):
        value = 0xFF
        for byte in data:
            value ^= byte
            for _ in range(8):
                value = (value << 1 ^ 0x1D) & 0xFF if value & 0x80 else value << 1
        return value ^ 0xFF

    def heard(frame):
        message = database.get_message_by_frame_id(frame.arbitration_id)
        values = message.decode(bytes(frame.data), decode_choices=False)
        say({"message": message.name, "dlc": frame.dlc, "crc": crc(frame.data[:7]) == frame.data[7], **values})
        if message is limits and values["DischargeLimit"] < 409.5:
            has["ActiveDischargeLimit"] = values["DischargeLimit"]
        if message is limits and values["ChargeLimit"] < 409.5:
            has["ActiveChargeLimit"] = values["ChargeLimit"]
        if message is settings and values["BackupReserve"] < 102.3:
            has["ActiveReserve"] = values["BackupReserve"]

    class Bus(asyncio.DatagramProtocol):
        def datagram_received(self, packet, sender):
            place = 5
            for _ in range(int.from_bytes(packet[3:5], "big")):
                number, length = int.from_bytes(packet[place : place + 4], "big"), packet[place + 4]
                data = packet[place + 5 : place + 5 + length]
                heard(can.Message(arbitration_id=number & 0x1FFFFFFF, is_extended_id=bool(number >> 31), data=data, check=True))
                place += 5 + length

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Bus, local_addr=("127.0.0.1", 0))
    say(0)

    async def talk():
        sequence = 0
        while True:
            frames = [(state.frame_id, state.encode(has)), (charge.frame_id, charge.encode(said))]
            packet = bytes([2, 0, sequence % 256, 0, len(frames)])
            for number, data in frames:
                packet += number.to_bytes(4, "big") + bytes([len(data)]) + data
            transport.sendto(packet, ("127.0.0.1", port))
            sequence += 1
            await asyncio.sleep(0.1)

    talking = asyncio.create_task(talk())
    await until_input_closes()
    talking.cancel()


asyncio.run({"modbus": modbus, "sunspec": sunspec, "can": can_bus}[KIND]())
