import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { projectRoot } from '../../base/departments.ts';
import { logFields } from '../../base/log.ts';
import { lineAt, sourceFiles, visitNodes, type Node } from '../house/source.ts';

/** What a process writes that does `code` with `log` and `logged`. */
function written(code: string): { text: string; lines: Record<string, unknown>[] } {
  const program = `import { log, logged } from './base/log.ts'; import { YiwangError } from './base/errors.ts'; log.level = 'trace'; ${code}`;
  const { stderr } = spawnSync(process.execPath, ['--input-type=module-typescript', '--eval', program], { cwd: projectRoot(), encoding: 'utf8' });
  return { text: stderr, lines: stderr.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>) };
}

const canaries = ['欧阳小树', '620102196307100759', '13912345678', 'hunter2', '某路 1 号', 'Bearer eyJ'];

it('no value leaves with a field that nobody allowed, however deep, nor with a message, an error or its cause', () => {
  const { text, lines } = written(`
    log.info({ requester: { name: '欧阳小树', phones: ['13912345678'] }, row: { dz: '某路 1 号' }, name: '欧阳小树' }, 'a row');
    log.info({ reason: { text: '某路 1 号' }, rows: ['620102196307100759', { name: '欧阳小树' }] }, 'in a field that is allowed');
    log.warn('a message of a library about 13912345678 and 620102196307100759');
    log.warn({ headers: { authorization: 'Bearer eyJ', cookie: 'hunter2' }, password: 'hunter2' }, 'headers of %s', '13912345678');
    const driver = Object.assign(new Error('duplicate key: (欧阳小树)'), { severity: 'ERROR', detail: '某路 1 号', parameters: ['欧阳小树'] });
    log.error({ err: driver }, 'driver');
    log.error({ err: new YiwangError('INTERNAL', { cause: driver }) }, 'cause');
    log.error({ err: Object.assign(new Error('欧阳小树'), { severity: 'ERROR' }) });
    log.error(Object.assign(new Error('fetch of http://user:hunter2@source/ failed'), { row: '欧阳小树' }));
  `);
  expect(lines.length).toBe(8);
  for (const canary of canaries) expect(text).not.toContain(canary);
  expect(lines[0]).toMatchObject({ requester: '[redacted]', row: '[redacted]', msg: 'a row' });
  expect(lines[7]).toMatchObject({ err: { message: 'fetch of http://***@source/ failed' } });
});

it('a line of a run or an operation says of which, and its id is never taken for a phone', () => {
  const traceId = 'ab13912345678cdef0139123456780ab';
  const { lines } = written(`await logged({ runId: 'r-1', department: 'police', stream: 'jcj_jjd' }, async () => { await null; await logged({ traceId: '${traceId}' }, async () => { await null; log.info({ rows: 3 }, 'within'); }); }); log.info('after');`);
  expect(lines[0]).toMatchObject({ runId: 'r-1', department: 'police', stream: 'jcj_jjd', traceId, rows: 3, msg: 'within' });
  expect(Object.keys(lines[1]!).sort()).toEqual(['level', 'msg', 'time']);
});

it('every field that the project logs is on the list', () => {
  const unknown: string[] = [];
  for (const file of sourceFiles()) {
    if (/^(test|bench|console|scripts)\//.test(file.path)) continue;
    visitNodes(file.program, (node) => {
      const callee = node['callee'] as Node | undefined;
      const isLog = node.type === 'CallExpression' && callee?.type === 'MemberExpression' && (callee['object'] as Node)['name'] === 'log';
      const [first] = isLog ? (node['arguments'] as Node[]) : [];
      for (const property of first?.type === 'ObjectExpression' ? (first['properties'] as Node[]) : []) {
        const name = String((property['key'] as Node)['name']);
        if (!logFields.has(name)) unknown.push(`${file.path}:${lineAt(file.text, property.start)} ${name}`);
      }
    });
  }
  expect(unknown).toEqual([]);
});
