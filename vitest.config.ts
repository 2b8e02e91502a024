import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const minuteMs = 60_000;

export default defineConfig({
  resolve: {
    // Vite prefers a package's ES modules and Node its CommonJS: without this there would be two graphql, "another realm".
    alias: [{ find: /^graphql$/, replacement: fileURLToPath(new URL('node_modules/graphql/index.js', import.meta.url)) }],
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/fixtures/**', 'node_modules/**'],
    environment: 'node',
    pool: 'forks',
    globalSetup: ['test/setup.ts'],
    reporters: ['default', 'test/summary.ts'],
    testTimeout: minuteMs,
    hookTimeout: 2 * minuteMs,
    expect: { poll: { timeout: minuteMs / 2 } }, // a second, as set by default, is short on a busy machine
    teardownTimeout: minuteMs,
    env: { YIWANG_LOG_LEVEL: process.env['YIWANG_LOG_LEVEL'] ?? 'warn' },
  },
});
