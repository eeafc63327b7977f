"""Says what pysunspec2 reads of a device on this machine. Arguments: port, then points as model.name; a value a line."""

import sys

from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

device = SunSpecModbusClientDeviceTCP(slave_id=1, ipaddr="127.0.0.1", ipport=int(sys.argv[1]))
device.scan()
for point in sys.argv[2:]:
    model, name = point.split(".")
    print(getattr(device.models[int(model)][0], name).cvalue)
device.close()
