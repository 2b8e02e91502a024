import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { removeHome } from '../base/embedded-place.ts';
import { startEmbeddedPostgres } from '../base/embedded.ts';
import { YiwangError } from '../base/errors.ts';
import { openHome } from '../base/home.ts';
import { dropRunDatabases } from './postgres.ts';
import { missingServices, reachableServices, type Services } from './services.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A PostgreSQL whose user may create databases and roles. */
    serverUrl: string;
    /** Marks this run's databases, so that two runs share a server. */
    runName: string;
    services: Services;
  }
}

/** Once per run: one PostgreSQL for every test file, and which of the optional services answer. Returns the teardown. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const services = await reachableServices();
  project.provide('services', services);
  const missing = missingServices(services);
  if (missing.length > 0 && process.env['YIWANG_TEST_SERVICES'] === 'required') {
    throw new YiwangError('CONFIG', { hint: `YIWANG_TEST_SERVICES=required, and these do not answer: ${missing.join(', ')}` });
  }
  const server = await openServer();
  const runName = `yiwang_test_${process.pid}_${Date.now().toString(36)}`;
  project.provide('serverUrl', server.url);
  project.provide('runName', runName);
  return async () => {
    try {
      await dropRunDatabases(server.url, runName);
    } finally {
      await server.close();
    }
  };
}

async function openServer(): Promise<{ url: string; close(): Promise<void> }> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given) return { url: given, close: async () => undefined };
  const home = openHome({ YIWANG_HOME: mkdtempSync(join(tmpdir(), 'yiwang-test-')) });
  const server = await startEmbeddedPostgres({ home, durable: false });
  const close = async () => {
    await server.stop();
    removeHome(home);
  };
  return { url: server.url, close };
}
