import { openPool } from '../../base/db.ts';
import { startJobs } from '../../jobs/main.ts';
import { fastLimits, fastTiming, testConfig } from './hub.ts';

// A worker of its own, to be killed: argv is the database and the sources' URLs by name. Says `ready` and then works.
const [databaseUrl, urls, redisUrl] = process.argv.slice(2) as [string, string, string | undefined];
const pool = openPool(databaseUrl);
await startJobs({ config: await testConfig(JSON.parse(urls) as Record<string, string>, redisUrl), pool, databaseUrl, timing: fastTiming, limits: { ...fastLimits, attemptDeadlineMs: 10_000, pageDeadlineMs: 20_000 } });
process.stdout.write('ready\n');
