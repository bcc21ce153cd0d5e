// Runs a UF2 file on npm's rp2040js, from the vector table at the start of flash.
//
//     node run_on_rp2040.mjs rp2040js/dist/esm/index.js FIRMWARE.uf2 WORD...
//
// The core's breakpoints are the debugger's services: "Semihosting for AArch32 and AArch64".
import fs from "node:fs";

const [emulator, uf2Name, ...words] = process.argv.slice(2);
const { RP2040 } = await import(emulator);
const chip = new RP2040();
const { core } = chip;

const uf2 = fs.readFileSync(uf2Name);
for (let start = 0; start < uf2.length; start += 512) {
  const block = uf2.subarray(start, start + 512);
  const address = block.readUInt32LE(12);
  chip.flash.set(block.subarray(32, 32 + block.readUInt32LE(16)), address - 0x10000000);
}

const files = new Map();
let status = null;

function text(address, length) {
  const bytes = [];
  for (let i = 0; length === undefined || i < length; i++) {
    const byte = chip.readUint8(address + i);
    if (length === undefined && byte === 0) break;
    bytes.push(byte);
  }
  return Buffer.from(bytes).toString();
}

function service(operation, block) {
  const word = (index) => chip.readUint32(block + 4 * index);
  switch (operation) {
    case 0x01: {
      const handle = files.size + 1;
      files.set(handle, { bytes: fs.readFileSync(text(word(0), word(2))), at: 0 });
      return handle;
    }
    case 0x02:
      return 0;
    case 0x04:
      process.stdout.write(text(block));
      return 0;
    case 0x06: {
      const file = files.get(word(0));
      const part = file.bytes.subarray(file.at, file.at + word(2));
      part.forEach((byte, i) => chip.writeUint8(word(1) + i, byte));
      file.at += part.length;
      return word(2) - part.length;
    }
    case 0x15: {
      const bytes = Buffer.from(`${words.join(" ")}\0`);
      bytes.forEach((byte, i) => chip.writeUint8(word(0) + i, byte));
      chip.writeUint32(block + 4, bytes.length - 1);
      return 0;
    }
    case 0x20:
      status = word(1);
      return 0;
    default:
      throw new Error(`service ${operation}`);
  }
}

chip.onBreak = () => {
  core.registers[0] = service(core.registers[0], core.registers[1]);
};
core.SP = chip.readUint32(0x10000000);
core.PC = chip.readUint32(0x10000004) & ~1;
while (status === null) {
  core.executeInstruction();
}
process.exit(status);
