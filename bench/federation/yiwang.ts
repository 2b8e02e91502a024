import { readFileSync } from 'node:fs';
import { startOpenGateway } from '../../gateway/open.ts';

const { url } = await startOpenGateway({ supergraphSdl: readFileSync(process.argv[2]!, 'utf8'), port: 0, jwks: undefined, issuer: undefined, audience: undefined });
process.stdout.write(`listening ${new URL(url).port}\n`);
