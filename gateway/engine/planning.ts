import { Worker } from 'node:worker_threads';
import { parse } from 'graphql';
import { hivePlanner } from './hive.ts';
import type { PlanOpening, PlanReply, PlanRequest, Planner, PlannerName } from './planner.ts';

// The planning process. It holds the planners alone: a document that makes one of them run on or break ends this process
// and not the gateway (threats.md, 15). One document at a time.
let supergraphSdl = '';
const planners = new Map<PlannerName, Promise<Planner | undefined>>();

process.on('message', (message: PlanOpening | PlanRequest) => {
  if ('id' in message) return void answered(message).then((reply) => process.send?.(reply));
  supergraphSdl = message.supergraphSdl;
  const ready = () => process.send?.('ready');
  void opened(message.first).then(ready, ready); // one that cannot be made says so for each document
});
process.on('disconnect', () => process.exit(0));
new Worker(new URL('./planning-watch.ts', import.meta.url), { workerData: process.ppid });
process.send?.('loaded');

async function answered({ id, text, planner: name }: PlanRequest): Promise<PlanReply> {
  try {
    const planner = await opened(name);
    return planner ? { id, step: planner.plan(text, parse(text, { noLocation: true })) } : { id, reason: 'there is no such planner for this machine' };
  } catch (error) {
    return { id, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Each planner is made when it is first needed: Apollo's libraries take longer to load than most plans take. */
function opened(name: PlannerName): Promise<Planner | undefined> {
  const known = planners.get(name);
  if (known) return known;
  const planner = name === 'hive' ? hivePlanner(supergraphSdl) : import('./apollo.ts').then(({ apolloPlanner }) => apolloPlanner(supergraphSdl));
  planners.set(name, planner);
  return planner;
}
