import { parentPort, workerData } from 'node:worker_threads';
import { invariant } from '../base/errors.ts';
import { ofValues, type FieldValues } from './standardised.ts';

/** The thread that standardises its share of a table's values: given once, answered once. */
invariant(parentPort !== null, 'a thread has a parent');
parentPort.postMessage((workerData as FieldValues[]).map(({ kind, values }) => ofValues(kind, values)));
