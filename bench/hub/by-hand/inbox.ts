import { dockingOf } from '../../../matters/docking.ts';
import { coded, named, outcomes } from '../../../schema/codes.ts';
import { allByKey } from '../../../subgraphs/loader.ts';
import { plain, type Asked } from './asked.ts';
import { clocksOf } from './clocks.ts';
import { recordsOf, type InboxRecord } from './inbox-records.ts';
import { matterPage, pageInfo } from './matter-page.ts';

const recordsMax = 20; // of one matter, as the operation asks

/** 2: cases that the court diverted, each with its records, in three statements. Persons are withheld without a matter. */
export async function inbox(asked: Asked<{ first: number }>) {
  const { first } = asked.variables;
  const rows = await matterPage(asked, 'inbox', { where: `EXISTS (SELECT 1 FROM unnest(x.rids) AS w(rid) JOIN hub.record r ON r.rid = w.rid WHERE r.facts ? 'divertedTo' OR r.facts ? 'divertedOn')` });
  const shown = rows.slice(0, first);
  const keys = shown.map((row) => row.matter_key);
  const records = allByKey(await recordsOf(asked, keys), (record) => record.matterKey);
  const clocks = await clocksOf(asked, keys);
  const nodes = shown.map((row) => ({
    matterNo: row.matter_no,
    status: row.status,
    category: plain(coded(row.category, 'dispute-type')),
    openedAt: row.opened_at,
    docking: docking(records.get(row.matter_key) ?? []),
    clocks: (clocks.get(row.matter_key) ?? []).map(({ rule: { id, zh }, state, dueAt, statedDueAt }) => ({ rule: { id, zh }, state, dueAt, statedDueAt })),
    records: { edges: (records.get(row.matter_key) ?? []).slice(0, recordsMax).map(({ basis, node }) => ({ basis, node })) },
  }));
  return { matters: { nodes, pageInfo: pageInfo(rows, first) } };
}

function docking(records: readonly InboxRecord[]) {
  const names = new Map(records.map((record) => [record.rid, record.handedToName]));
  return dockingOf(records).map(({ rid, channel, divertedMs, divertedTo, outcome, agreementKept, confirmation }) => ({
    channel,
    divertedAt: divertedMs === null ? null : new Date(divertedMs),
    divertedTo: divertedTo === null ? null : { name: names.get(rid) },
    outcome: plain(named(outcome, 'outcome', outcomes)),
    agreementKept,
    confirmation,
  }));
}
