"""Reads a SunSpec battery with pysunspec2: host and port as arguments, JSON of what it found out."""

import json
import sys

import sunspec2.modbus.client as client

device = client.SunSpecModbusClientDeviceTCP(slave_id=1, ipaddr=sys.argv[1], ipport=int(sys.argv[2]), timeout=5)
device.scan()


def point(model, name):
    return getattr(device.models[model][0], name).cvalue


def cells(name):
    groups = [module.groups["lithium-ion-module-cell"] for module in device.models[805]]
    return [[getattr(cell, name).cvalue for cell in group] for group in groups]


print(json.dumps({
    "base": device.base_addr,
    "errors": [model.error_info for models in device.models.values() for model in models if model.error_info],
    "models": [model for model in device.models if isinstance(model, int)],
    "common": {name: point(1, name) for name in ("Mn", "Md", "SN")},
    "battery": {
        name: point(802, name)
        for name in ("SoC", "SoH", "V", "A", "W", "CellVMax", "CellVMin", "AChaMax", "AHRtg", "WHRtg", "State", "WChaRteMax")
    },
    "bank": {name: point(803, name) for name in ("NStr", "NStrCon", "ModTmpMax", "ModTmpMin")},
    "bank_strings": [string.StrNMod.cvalue for string in device.models[803][0].groups["string"]],
    "string_modules": [
        [module.ModNCell.cvalue, module.ModCellVMax.cvalue, module.ModCellTmpMin.cvalue]
        for module in device.models[804][0].groups["lithium_ion_string_module"]
    ],
    "modules": [[module.StrIdx.value, module.ModIdx.value, module.NCell.value, module.V.cvalue] for module in device.models[805]],
    "cell_v": cells("CellV"),
    "cell_c": cells("CellTmp"),
}))
device.close()
