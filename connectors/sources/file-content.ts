import { join } from 'node:path';
import { YiwangError } from '../../base/errors.ts';
import type { Stream } from '../contract.ts';
import { csvRows } from './csv.ts';
import type { FoundDelivery } from './deliveries.ts';
import { sheetRows } from './xlsx.ts';

/**
 * Why a delivery whose files arrived whole is refused all the same: one of them holds nothing that can be read, so that
 * not even its header can. Null where each has a header, whatever that lacks, or is empty as the manifest says. A workbook is
 * read to its end, because its pages are committed one by one and it may be broken in its last row.
 */
export async function contentFault(delivery: FoundDelivery, streams: readonly Stream[]): Promise<string | null> {
  const known = new Set(streams.map((stream) => stream.name));
  for (const file of delivery.files.filter((one) => known.has(one.stream))) {
    const path = join(delivery.path, file.name);
    const fault = isWorkbook(file.name) ? await workbookFault(path) : await textFault(path, file.encoding);
    if (fault !== null && !(fault === noContent && file.rows === 0)) return fault;
  }
  return null;
}

export function isWorkbook(name: string): boolean {
  return name.toLowerCase().endsWith('.xlsx');
}

async function workbookFault(path: string): Promise<string | null> {
  let rows = 0;
  try {
    for await (const cells of sheetRows(path)) if (cells.length > 0) rows += 1;
  } catch (error) {
    if (error instanceof YiwangError && error.code === 'SOURCE_SCHEMA') return `WORKBOOK_UNREADABLE: ${error.message}`;
    throw error;
  }
  return rows === 0 ? noContent : null;
}

async function textFault(path: string, encoding: string): Promise<string | null> {
  if (fileDecoder(encoding) === null) return 'ENCODING_UNKNOWN';
  for await (const { cells } of csvRows(path)) if (cells.length > 1 || cells[0]!.length > 0) return null;
  return noContent;
}

const noContent = 'FILE_EMPTY';

/** A strict decoder for what a manifest calls an encoding. Null for one that nobody knows, or whose rows cannot be told apart before they are decoded. */
export function fileDecoder(encoding: string): TextDecoder | null {
  const label = encoding.trim().toLowerCase();
  try {
    const decoder = new TextDecoder(spokenNames[label] ?? label, { fatal: true, ignoreBOM: true });
    return /^(?:utf-16|iso-2022)/.test(decoder.encoding) ? null : decoder;
  } catch {
    return null;
  }
}

/** Names that the Encoding Standard does not list: Windows calls GBK by its code page. */
const spokenNames: Readonly<Record<string, string>> = { cp936: 'gbk', ms936: 'gbk', 'windows-936': 'gbk', '936': 'gbk', 'gb-18030': 'gb18030', gb_18030: 'gb18030', 'utf-8-sig': 'utf-8', 'utf8-bom': 'utf-8' };
