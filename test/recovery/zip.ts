import { crc32, deflateRawSync } from 'node:zlib';

/** One part of an archive; what is not given is true. The rest are lies that a hostile archive tells. */
export interface ZipPart {
  name: string;
  data: Buffer;
  declaredBytes?: number;
  crc?: number;
  encrypted?: boolean;
  /** Its directory entry points at the local part of this index. */
  sharesBytesOf?: number;
}

/** A ZIP archive as it would be made by hand. */
export function zipped(parts: readonly ZipPart[], entriesDeclared = parts.length): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  const offsets: number[] = [];
  let offset = 0;
  for (const part of parts) {
    const name = Buffer.from(part.name);
    const packed = deflateRawSync(part.data);
    const at = part.sharesBytesOf === undefined ? offset : offsets[part.sharesBytesOf]!;
    const fields = Buffer.alloc(26);
    [20, part.encrypted ? 1 : 0, 8, 0, 0].forEach((value, index) => fields.writeUInt16LE(value, index * 2));
    fields.writeUInt32LE(part.crc ?? crc32(part.data), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(part.declaredBytes ?? part.data.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    directory.push(Buffer.from('504b01021400', 'hex'), fields, tail, name);
    offsets.push(at);
    if (part.sharesBytesOf !== undefined) continue;
    locals.push(Buffer.from('504b0304', 'hex'), fields, name, packed);
    offset += 4 + fields.length + name.length + packed.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entriesDeclared & 0xffff, 8);
  end.writeUInt16LE(entriesDeclared & 0xffff, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, central, end]);
}

/** The parts of a workbook whose one sheet holds these rows. */
export function workbook(rows: readonly (readonly string[])[]): ZipPart[] {
  const sheet = `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>${rows.map((row) => `<row>${row.map((cell) => `<c t="inlineStr"><is><t>${cell}</t></is></c>`).join('')}</row>`).join('')}</sheetData></worksheet>`;
  return [
    { name: 'xl/workbook.xml', data: Buffer.from('<workbook><sheets><sheet name="s" sheetId="1" r:id="rId1" xmlns:r="r"/></sheets></workbook>') },
    { name: 'xl/_rels/workbook.xml.rels', data: Buffer.from('<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>') },
    { name: 'xl/worksheets/sheet1.xml', data: Buffer.from(sheet) },
  ];
}
