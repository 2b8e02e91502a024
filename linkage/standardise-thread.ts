import { parentPort, workerData } from 'node:worker_threads';
import { invariant } from '../base/errors.ts';
import { fieldColumns } from './fields.ts';
import type { Batch, WantedField } from './standardised.ts';

/** The thread that standardises its share of a table's values, batch by batch, and answers once when there are no more. */
invariant(parentPort !== null, 'a thread has a parent');
const port = parentPort;
const columns = (workerData as WantedField[]).map(({ kind, ends }) => fieldColumns(kind, ends));
port.on('message', (batch: Batch | null) => {
  if (batch !== null) for (const value of batch.values) columns[batch.field]!.add(value);
  else {
    port.postMessage(columns.map((field) => field.columns()));
    port.close();
  }
});
