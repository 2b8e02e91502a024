// Hive Gateway as its command line starts it: `hive.mjs SUPERGRAPH CONFIG`. Its health check says when it is ready.
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const [supergraph, config] = process.argv.slice(2);
const readyTriesMax = 300;
const readyEveryMs = 100;

const port = await freePort();
process.argv = [process.argv[0], 'hive-gateway', 'supergraph', supergraph, '--host', '127.0.0.1', '--port', String(port), '--config-path', fileURLToPath(new URL(config, import.meta.url))];
process.env.LOG_LEVEL = 'error';
await import('./node_modules/@graphql-hive/gateway/dist/bin.js');
await ready();
process.on('SIGTERM', () => process.exit(0)); // before its own handler starts to drain
process.stdout.write(`listening ${port}\n`);

async function ready() {
  for (let tries = 0; tries < readyTriesMax; tries += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/readiness`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, readyEveryMs));
  }
  process.exit(1);
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port: free } = server.address();
      server.close(() => resolve(free));
    });
  });
}
