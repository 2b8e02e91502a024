import { createHmac } from 'node:crypto';
import { expect } from 'vitest';
import { receiveEvents } from '../../connectors/ingest.ts';
import type { TestDatabase } from '../postgres.ts';
import { sourceSecrets } from './hub.ts';

/** One version of a ticket, as the hotline pushes it. */
export function event(subject: string, sequence: number, updatedAt: string) {
  const data = { ticketNo: subject, receivedAt: '2026-03-02T09:00:00+08:00', status: 'HANDLING', updatedAt, title: `version ${sequence} of ${subject}` };
  return { specversion: '1.0', id: `${subject}-${sequence}`, source: '/12345/6201', type: 'cn.gov.12345.ticket.updated', subject, sequence: String(sequence), data };
}

/** Posts them as one signed batch, and expects it to be acknowledged. */
export async function post(hub: TestDatabase, events: readonly unknown[]): Promise<void> {
  const body = Buffer.from(JSON.stringify(events));
  const signature = `sha256=${createHmac('sha256', sourceSecrets.HOTLINE_SECRET).update(body).digest('hex')}`;
  expect((await receiveEvents({ pool: hub.pool, department: 'hotline', body, signature, contentType: undefined, secret: sourceSecrets.HOTLINE_SECRET })).status).toBe(202);
}
