import { filledHub, startGraph } from './setup.ts';

// The hub as it is: gateway and subgraphs in one process, permissions and access log on.
const { url } = await startGraph(await filledHub());
process.stdout.write(`listening ${new URL(url!).port}\n`);
