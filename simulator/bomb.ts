import { crc32, deflateRawSync } from 'node:zlib';

const inflatedBytes = 48 << 20;

/** A workbook of 48 KB whose one sheet inflates a thousandfold: what a careless reader would die of. */
export function bombWorkbook(): Buffer {
  const name = Buffer.from('xl/worksheets/sheet1.xml');
  const content = Buffer.alloc(inflatedBytes, 0x20);
  const packed = deflateRawSync(content);
  const fields = Buffer.alloc(26);
  [20, 0, 8, 0, 0].forEach((value, index) => fields.writeUInt16LE(value, index * 2));
  fields.writeUInt32LE(crc32(content), 10);
  fields.writeUInt32LE(packed.length, 14);
  fields.writeUInt32LE(content.length, 18);
  fields.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('504b0304', 'hex'), fields, name, packed]);
  const directory = Buffer.concat([Buffer.from('504b01021400', 'hex'), fields, Buffer.alloc(14), name]);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, directory, end]);
}
