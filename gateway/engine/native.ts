import { fork, type ChildProcess } from 'node:child_process';
import type { PlanNode } from '@graphql-hive/router-query-planner';
import { YiwangError } from '../../base/errors.ts';
import { log } from '../../base/log.ts';

/** The native planner behind a process boundary. */
export interface Native {
  /** Rejects where it knows no plan, was cancelled, or its process died; another planner may still know one. */
  plan(text: string, signal: AbortSignal): Promise<PlanNode | null>;
  stop(): void;
}

export type ToPlanner = { supergraphSdl: string } | { id: number; text: string } | { cancel: number };
export type FromPlanner = { ready: boolean } | { id: number; node: PlanNode | null } | { id: number; fault: string };

/**
 * Starts the native planner in a process of its own: there are valid operations at which its Rust code panics where it
 * cannot unwind, which ends the process it runs in (0.0.38, mismatch_finder.rs). So nobody's document can end the
 * gateway: a process that died is started again for the next document. Undefined where this machine has no build of it.
 */
export async function openNative(supergraphSdl: string): Promise<Native | undefined> {
  let live: Live | undefined = await started(supergraphSdl);
  if (!live) return undefined;
  let startedAtMs = performance.now();
  let isStopped = false;
  const restarted = async (): Promise<Live | undefined> => {
    if (isStopped || performance.now() - startedAtMs < restartEveryMs) return undefined;
    startedAtMs = performance.now();
    return (live = await started(supergraphSdl));
  };
  return {
    async plan(text, signal) {
      const to = live?.child.connected ? live : await restarted();
      if (!to) throw new YiwangError('INTERNAL', { detail: 'the native planner is not running' });
      return asked(to, text, signal);
    },
    stop() {
      isStopped = true;
      live?.child.kill();
    },
  };
}

/** A document that kills it must not keep the gateway busy with starting processes. */
const restartEveryMs = 5_000;
const startTimeoutMs = 20_000;

interface Live {
  child: ChildProcess;
  waiting: Map<number, { resolve(node: PlanNode | null): void; reject(error: Error): void }>;
  asked: number;
}

function started(supergraphSdl: string): Promise<Live | undefined> {
  const child = fork(new URL('./native-process.ts', import.meta.url), { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: [] });
  const live: Live = { child, waiting: new Map(), asked: 0 };
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill(), startTimeoutMs);
    child.once('error', () => resolve(undefined));
    child.once('exit', () => {
      clearTimeout(timer);
      resolve(undefined);
      if (live.waiting.size > 0) log.error('the native planner died; what it was asked is planned otherwise');
      for (const { reject } of live.waiting.values()) reject(new YiwangError('INTERNAL', { detail: 'the native planner died' }));
      live.waiting.clear();
    });
    child.on('message', (message: FromPlanner) => {
      if (!('ready' in message)) return told(live, message);
      clearTimeout(timer);
      child.unref(); // a gateway that has ended otherwise is not kept by its planner
      child.channel?.unref();
      if (!message.ready) child.kill();
      resolve(message.ready ? live : undefined);
    });
    child.send({ supergraphSdl } satisfies ToPlanner, () => undefined);
  });
}

function told({ waiting }: Live, message: Exclude<FromPlanner, { ready: boolean }>): void {
  const one = waiting.get(message.id);
  waiting.delete(message.id);
  if ('fault' in message) one?.reject(new YiwangError('INTERNAL', { detail: message.fault }));
  else one?.resolve(message.node);
}

function asked(live: Live, text: string, signal: AbortSignal): Promise<PlanNode | null> {
  const id = (live.asked += 1);
  return new Promise((resolve, reject) => {
    live.waiting.set(id, { resolve, reject });
    live.child.channel?.ref(); // whoever waits for a plan is alive
    const cancel = () => {
      live.waiting.delete(id);
      if (live.child.connected) live.child.send({ cancel: id } satisfies ToPlanner, () => undefined);
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', cancel, { once: true });
    live.child.send({ id, text } satisfies ToPlanner, () => undefined);
  }).finally(() => {
    if (live.waiting.size === 0) live.child.channel?.unref();
  }) as Promise<PlanNode | null>;
}
