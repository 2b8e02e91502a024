import type { Pool } from '../base/db.ts';
import type { Keys } from '../base/keys.ts';
import type { Connector, SourceDeclaration, Stream } from './contract.ts';
import type { Counts } from './counts.ts';
import type { Offered } from './judge.ts';
import type { Limits } from './limits.ts';
import { openEventsSource } from './sources/events.ts';
import type { Present } from './sources/present.ts';
import { openSqlSource } from './sources/sql.ts';

export interface SourcePage {
  offered: Offered[];
  /** Where to go on once this page is committed; undefined leaves the stored watermark as it is. */
  watermark: unknown;
  /** How late it is at the source: what is dated later does not make the stream fresh. */
  present?: Present;
  /** A snapshot ends with this page: records of its stream that it does not name are gone. */
  complete?: Snapshot;
  /** The source was read whole, and its own count of records agrees: what was not among them is not there. */
  counted?: number;
  /** What arrived and is counted only: rows of `hub.waiting_event` that hold no event. */
  arrived?: { ids: number[]; counts: Counts };
  /** Deliveries that this page settles or refuses, or that wait. */
  deliveries?: Delivery[];
  /** Folders that are there: of others nothing is open any more. */
  folders?: readonly string[];
}

export interface Snapshot {
  asOf: string;
  /** Of two of one `asOf` the later folder applies later. */
  folder: string;
  /** `keyHmac` of every record in it, refused rows included. */
  keyHmacs: ReadonlySet<string>;
}

export interface Delivery {
  folder: string;
  /** Null, as kind and digest, where no manifest could be read. */
  asOf: string | null;
  kind: 'INCREMENT' | 'SNAPSHOT' | null;
  manifestSha256: string | null;
  state: 'ACCEPTED' | 'REPEATED' | 'REFUSED' | 'WAITING';
  reason: string | null;
}

/** `comparing`: nothing is landed, so what was acknowledged and waits is left alone. */
export interface ReadFrom {
  watermark: unknown;
  full: boolean;
  comparing?: boolean;
}

/** A source that is open for one run. Pages come in order; the next is asked for while one is committed. */
export interface OpenSource {
  pages(stream: Stream, from: ReadFrom): AsyncGenerator<SourcePage>;
  close(): Promise<void>;
}

export interface SourceContext {
  connector: Connector;
  env: NodeJS.ProcessEnv;
  pool: Pool;
  keys: Keys;
  limits: Limits;
}

const openers: Record<SourceDeclaration['kind'], (context: SourceContext) => Promise<OpenSource>> = {
  sql: openSqlSource,
  events: openEventsSource,
  rest: (context) => import('./sources/rest.ts').then((kind) => kind.openRestSource(context)),
  soap: (context) => import('./sources/soap.ts').then((kind) => kind.openSoapSource(context)),
  files: (context) => import('./sources/files.ts').then((kind) => kind.openFilesSource(context)),
};

export function openSource(context: SourceContext): Promise<OpenSource> {
  return openers[context.connector.source.kind](context);
}
