import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readConfig, sourceConfig } from '../../base/config.ts';
import { loadOrCreateSecret } from '../../base/home.ts';

const home = mkdtempSync(join(tmpdir(), 'yiwang-home-'));
afterAll(() => rmSync(home, { recursive: true }));
const court = { department: 'court', secrets: ['COURT_CLIENT_ID', 'COURT_CLIENT_SECRET'] };

describe('the environment', () => {
  test('an empty one is enough outside production', () => {
    const config = readConfig({ env: { YIWANG_HOME: home }, sources: [court] });
    expect(config).toMatchObject({ production: false, databaseUrl: undefined, redisUrl: undefined, oidc: undefined, port: 4000, sources: {} });
  });

  test('an empty variable is an absent one', () => {
    expect(readConfig({ env: { YIWANG_HOME: home, REDIS_URL: '', PORT: '' }, sources: [] })).toMatchObject({ redisUrl: undefined, port: 4000 });
  });

  test('every fault stands in one message, by name and never by value', () => {
    const env = { YIWANG_HOME: home, DATABASE_URL: 'mysql://u:s3cret@h/d', PORT: 'abc', OIDC_ISSUER: 'https://id.example', COURT_SOURCE_URL: 'http://court', COURT_CLIENT_ID: 'x' };
    const message = refusal(() => readConfig({ env, sources: [court] }));
    for (const name of ['DATABASE_URL', 'PORT', 'OIDC_AUDIENCE', 'COURT_CLIENT_SECRET']) expect(message).toContain(name);
    expect(message).not.toMatch(/s3cret|abc/);
  });

  test('production wants everything said', () => {
    const message = refusal(() => readConfig({ env: { NODE_ENV: 'production', YIWANG_HOME: home }, sources: [court] }));
    for (const name of ['DATABASE_URL', 'OIDC_ISSUER', 'OIDC_AUDIENCE', 'YIWANG_MASTER_SECRET', 'COURT_SOURCE_URL']) expect(message).toContain(`${name}: required in production`);
    const env = { NODE_ENV: 'production', YIWANG_HOME: home, DATABASE_URL: 'postgres://h/d', OIDC_ISSUER: 'https://id.example', OIDC_AUDIENCE: 'yiwang', YIWANG_MASTER_SECRET: Buffer.alloc(32, 1).toString('base64'), COURT_SOURCE_URL: 'off' };
    expect(readConfig({ env, sources: [court] })).toMatchObject({ production: true, sources: {} });
  });

  test('a source comes with its secrets, optional ones where they are set', () => {
    const hotline = { department: 'hotline', secrets: ['HOTLINE_SECRET'], optional: ['HOTLINE_AMQP_URL', 'HOTLINE_TOKEN'] };
    const env = { HOTLINE_SOURCE_URL: 'http://hotline', HOTLINE_SECRET: 's', HOTLINE_TOKEN: 't' };
    expect(sourceConfig(hotline, env)).toEqual({ url: 'http://hotline', secrets: { HOTLINE_SECRET: 's', HOTLINE_TOKEN: 't' } });
    expect(refusal(() => sourceConfig(hotline, { HOTLINE_SECRET: 's' }))).toContain('HOTLINE_SOURCE_URL: required');
    const message = refusal(() => readConfig({ env: { ...env, YIWANG_HOME: home, PORT: 'x', HOTLINE_AMQP_URL: 's3cret' }, sources: [hotline] })); // found out at start, and not by the queue that stays empty
    expect(message).toMatch(/PORT: [^]*HOTLINE_AMQP_URL: not a URL/);
    expect(message).not.toContain('s3cret');
  });
});

test('secrets of a home are the same every time, differ by use, and only their owner may read them', () => {
  expect(loadOrCreateSecret('a', home)).toBe(loadOrCreateSecret('a', home));
  expect(loadOrCreateSecret('a', home)).not.toBe(loadOrCreateSecret('b', home));
  expect(statSync(join(home, 'secrets.json')).mode & 0o777).toBe(0o600);
});

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFIG' });
    return (error as Error).message;
  }
  expect.fail('nothing was refused');
}
