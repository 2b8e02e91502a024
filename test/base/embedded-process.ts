// Starts the embedded server of a home as a command does, says so, and stays until it is ended.
import { startEmbeddedPostgres } from '../../base/embedded.ts';

const server = await startEmbeddedPostgres({ home: process.argv[2] ?? '', durable: process.argv[3] === 'durable' });
process.stdout.write(`${server.started ? 'started' : 'joined'} ${server.url}\n`);
setInterval(() => undefined, 1 << 30);
process.on('SIGTERM', () => void server.stop().then(() => process.exit(0)));
