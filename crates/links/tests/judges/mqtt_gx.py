"""A broker made with amqtt, and a client of it that behaves like a Victron GX. Prints its port.

Like a GX it publishes everything when it is asked to (R/<portal>/keepalive with an empty payload), then a mark that it
is done, and nothing retained. It says a value that it is asked for (R/<portal>/<path>), takes what is set
(W/<portal>/<path>) within its limits, and says what has changed. Lines of its input are published as they are ("topic payload"; the payload may be
missing). It stops when its input closes.
"""

import asyncio
import json
import socket
import sys

from amqtt.broker import Broker
from amqtt.client import MQTTClient
from amqtt.mqtt.constants import QOS_0

PORTAL = "c0619ab1cdef"

VALUES = {
    "system/0/Serial": f'{{"value": "{PORTAL}"}}',
    "system/0/ActiveBatteryService": '{"value": "com.victronenergy.battery/512"}',
    "system/0/Dc/Battery/Soc": '{"value":97.5}',
    "system/0/Dc/Battery/Voltage": '{"value": 52.009998321533203}',
    "system/0/Dc/Battery/Current": '{"value": -8.0}',
    "system/0/Dc/Battery/Power": '{"value": -416.07998657226562}',
    "system/0/Dc/Battery/Temperature": '{"value": null}',
    "system/0/Dc/Pv/Power": '{"value": 0}',
    "system/0/Ac/Consumption/L1/Power": '{"min": 0, "value": 1e3, "max": 9}',
    "system/0/Ac/Consumption/L2/Power": '{"value": "500.5"}',
    "system/0/Ac/Consumption/L3/Power": '{"value": null}',
    "system/0/Ac/Grid/L1/Power": '{"value": NaN}',
    "battery/512/Soh": '{"value": 98}',
    "battery/512/System/MinCellVoltage": '{"value": 3.25}',
    "battery/512/System/MaxCellVoltage": '{"value": 325}',
    "battery/279/Soh": '{"value": 11}',
    "settings/0/Settings/CGwacs/BatteryLife/MinimumSocLimit": '{"value": 10}',
    "hub4/0/Overrides/Setpoint": '{"value": null}',
    "settings/0/Settings/Name": '{"value": "' + "x" * 100_000 + '"}',
    "battery/512/CustomName": '{"value": "' + "\u00fc" * 30_000 + '"}',
}

# What can be set, and within which limits: a GX holds a value to them.
LIMITS = {"settings/0/Settings/CGwacs/BatteryLife/MinimumSocLimit": (0, 40), "hub4/0/Overrides/Setpoint": (-9e9, 9e9)}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def main():
    port = free_port()
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    await broker.start()
    gx = MQTTClient(client_id="gx", config={"auto_reconnect": False})
    await gx.connect(f"mqtt://127.0.0.1:{port}/")
    await gx.subscribe([(f"R/{PORTAL}/#", QOS_0), (f"W/{PORTAL}/#", QOS_0)])
    print(port, flush=True)

    async def publish(path, payload):
        await gx.publish(f"N/{PORTAL}/{path}", payload.encode(), qos=QOS_0, retain=False)

    async def serve():
        while True:
            asked = await gx.deliver_message()
            kind, _, path = asked.topic.split("/", 2)
            if kind == "W" and path in LIMITS:
                low, high = LIMITS[path]
                value = json.loads(asked.data)["value"]
                before, VALUES[path] = VALUES[path], json.dumps({"value": min(max(value, low), high)})
                if VALUES[path] != before:
                    await publish(path, VALUES[path])
            elif kind == "R" and path in VALUES:
                await publish(path, VALUES[path])
            elif path == "keepalive" and not asked.data:
                for path, payload in VALUES.items():
                    await publish(path, payload)
                await publish("full_publish_completed", '{"value": 1702459522}')

    async def beat():
        while True:
            await publish("heartbeat", '{"value": 1702459522}')
            await asyncio.sleep(0.2)

    tasks = [asyncio.create_task(serve()), asyncio.create_task(beat())]
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        path, _, payload = line.strip().partition(" ")
        await publish(path, payload)
    for task in tasks:
        task.cancel()
    await gx.disconnect()
    await broker.shutdown()


asyncio.run(main())
