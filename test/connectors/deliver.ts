import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import iconv from 'iconv-lite';

const header = '业务编号,办理状态,更新时间,申请日期,申请人姓名';

/** Drops a delivery of civil affairs as the department does, in GB18030. Rows of key, state and update time; anything beyond is appended as it is. */
export function deliver(root: string, folder: string, kind: string, asOf: string, rows: readonly (readonly string[])[]): void {
  const lines = rows.map(([key, state, updated, ...more]) => [key, state, updated, '2026-01-05', '"张三\n见\\旁|注"', ...more].join(','));
  const bytes = iconv.encode(`${[header, ...lines].join('\r\n')}\r\n`, 'gb18030');
  const name = `jzsq_${folder}.csv`;
  mkdirSync(join(root, folder));
  writeFileSync(join(root, folder, name), bytes);
  writeFileSync(join(root, folder, 'manifest.json'), JSON.stringify({ kind, asOf: `${asOf}T00:00:00+08:00`, files: [{ name, stream: 'jzsq', rows: rows.length, sha256: createHash('sha256').update(bytes).digest('hex'), encoding: 'GB18030' }] }));
}
