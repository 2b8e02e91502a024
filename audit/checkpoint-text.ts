import { hashBytes } from './merkle.ts';
import { openNote } from './note.ts';

/** The text of a C2SP tlog-checkpoint: origin, size, root, each on a line. Extension lines after them are allowed. */
export function checkpointText(head: TreeHead): string {
  return `${head.origin}\n${head.size}\n${head.root.toString('base64')}\n`;
}

export interface TreeHead {
  origin: string;
  size: number;
  root: Buffer;
}

/** The head that a checkpoint signed with this key states; null when it is none or the key did not sign it. */
export function openCheckpoint(note: string, publicKey: string): TreeHead | null {
  const text = openNote(note, publicKey);
  return text === null ? null : readCheckpointText(text);
}

/** What a checkpoint claims, unsigned or signed by anybody. */
export function readCheckpointText(text: string): TreeHead | null {
  const [origin, size, encoded] = text.split('\n');
  const root = Buffer.from(encoded ?? '', 'base64');
  if (!origin || !size || !/^(0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(Number(size)) || root.length !== hashBytes) return null;
  return root.toString('base64') === encoded ? { origin, size: Number(size), root } : null;
}
