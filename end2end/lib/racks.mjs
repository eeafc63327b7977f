// A battery of 20 racks x 10 modules x 32 cells for benchmarks: a site file with a CAN layout of its own, and a
// controller that sends it in cannelloni packets over UDP, five times a second.

import { createSocket } from 'node:dgram';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const CELLS = 20 * 10 * 32;
const CAN_ID = 0x250;
const CELLS_PER_FRAME = 4;
const FRAMES_PER_PACKET = 100;
const PERIOD_MS = 200;

/** One frame carries a group's number (12 bits) and four cell voltages (13 bits each, mV). */
function layout() {
  const lines = ['VERSION ""', 'NS_ :', 'BS_:', 'BU_: Controller', `BO_ ${CAN_ID} Cells: 8 Controller`];
  lines.push(' SG_ Group M : 0|12@1+ (1,0) [0|4095] "" Vector__XXX');
  for (let cell = 0; cell < CELLS; cell++) {
    const [group, place] = [Math.floor(cell / CELLS_PER_FRAME), cell % CELLS_PER_FRAME];
    const name = `CellVoltage_${String(cell).padStart(4, '0')}`;
    lines.push(` SG_ ${name} m${group} : ${12 + 13 * place}|13@1+ (1,0) [0|8191] "mV" Vector__XXX`);
  }
  return `${lines.join('\n')}\n`;
}

const siteFile = (port) => `[site]
name = "Benchmark"

[[system]]
id = "racks"
name = "20 racks"
topology = { racks = 20, modules_per_rack = 10, cells_per_module = 32 }
capacity_ah = 280
nominal_v = 1024

[[link]]
id = "bms"
name = "Controller"
system = "racks"
kind = "cannelloni"
listen = "127.0.0.1:${port}"
dbc = "cells.dbc"
map = [{ point = "cells/voltage", signal = "CellVoltage_{cell}", first = 0 }]
`;

/** Packets are numbered through, modulo 256: one that comes twice or late would be left out. */
let sequence = 0;

/** One sweep of all cells: a slow wave over the racks, and noise. */
function sweep(number) {
  const packets = [];
  const groups = CELLS / CELLS_PER_FRAME;
  for (let first = 0; first < groups; first += FRAMES_PER_PACKET) {
    const count = Math.min(FRAMES_PER_PACKET, groups - first);
    const packet = Buffer.alloc(5 + 13 * count);
    packet.set([2, 0, sequence++ & 0xff, count >> 8, count & 0xff]);
    for (let i = 0; i < count; i++) {
      let bits = BigInt(first + i);
      for (let place = 0; place < CELLS_PER_FRAME; place++) {
        const cell = (first + i) * CELLS_PER_FRAME + place;
        const wave = 3250 + 40 * Math.sin(number / 25 + cell / 320) + 4 * Math.random();
        bits |= BigInt(Math.round(wave)) << BigInt(12 + 13 * place);
      }
      packet.writeUInt32BE(CAN_ID, 5 + 13 * i);
      packet[9 + 13 * i] = 8;
      packet.writeBigUInt64LE(bits, 10 + 13 * i);
    }
    packets.push(packet);
  }
  return packets;
}

async function freePort() {
  const socket = createSocket('udp4');
  await new Promise((bound) => socket.bind(0, '127.0.0.1', bound));
  const { port } = socket.address();
  await new Promise((closed) => socket.close(closed));
  return port;
}

/** Writes the site and starts to send; gives the site file and a function that ends both. */
export async function racks() {
  const folder = await mkdtemp(join(tmpdir(), 'packtwin-racks-'));
  const port = await freePort();
  const site = join(folder, 'site.toml');
  await Promise.all([writeFile(join(folder, 'cells.dbc'), layout()), writeFile(site, siteFile(port))]);
  const socket = createSocket('udp4');
  let number = 0;
  const clock = setInterval(() => {
    number += 1;
    for (const packet of sweep(number)) socket.send(packet, port, '127.0.0.1');
  }, PERIOD_MS);
  const stop = async () => {
    clearInterval(clock);
    socket.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { site, stop };
}
