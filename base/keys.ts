import { derivedKey, hmacWith } from './canonical.ts';

/** Deterministic, opaque keys: the same in every rebuild of the hub, and telling nothing without the master secret. */
export interface Keys {
  /** A record's key everywhere outside its source: 32 hexadecimal digits. */
  rid(department: string, stream: string, recordKey: string): string;
  mentionId(rid: string, role: string, ordinal: number): string;
  /** Finds a person's own mentions without storing who asks. The number is valid and of 18 characters. */
  idHmac(idNumber: string): string;
  /** Marks a number that failed its check, so that linkage can compare without keeping it. */
  suspectHmac(text: string): string;
  contentHmac(text: string): string;
  keyHmac(department: string, stream: string, recordKey: string): string;
  /** A blocking key's value: without the secret nobody finds a number by trying all of them. */
  blockingHash(type: string, value: string): string;
  /** A place by the parts that name it, for example county, estate and building. */
  placeKey(...parts: string[]): string;
  entityKey(foundingMentionId: string): string;
  matterKey(foundingRid: string): string;
  /** The number people use: `M` + twelve digits of Crockford base 32. */
  matterNo(matterKey: string): string;
}

export function recordKeys(master: Uint8Array): Keys {
  const keyed = (use: string) => {
    const hmac = hmacWith(derivedKey(master, use));
    return (...parts: string[]) => hmac(parts.join('\u001f'));
  };
  const rid = keyed('rid');
  const mention = keyed('mention');
  const id = keyed('id-number');
  const suspect = keyed('id-suspect');
  const content = keyed('content');
  const key = keyed('record-key');
  const blocking = keyed('blocking-key');
  const place = keyed('place');
  const entity = keyed('entity');
  const matter = keyed('matter');
  const number = keyed('matter-no');
  return {
    rid: (department, stream, recordKey) => hex128(rid(department, stream, recordKey)),
    mentionId: (record, role, ordinal) => hex128(mention(record, role, String(ordinal))),
    idHmac: (idNumber) => hex128(id(idNumber)),
    suspectHmac: (text) => hex128(suspect(text)),
    contentHmac: (text) => hex128(content(text)),
    keyHmac: (department, stream, recordKey) => hex128(key(department, stream, recordKey)),
    blockingHash: (type, value) => hex128(blocking(type, value)),
    placeKey: (...parts) => hex128(place(...parts)),
    entityKey: (foundingMentionId) => hex128(entity(foundingMentionId)),
    matterKey: (foundingRid) => hex128(matter(foundingRid)),
    matterNo: (matterKey) => `M${base32(number(matterKey), matterNoDigits)}`,
  };
}

/** The same hash, most values hashed once: what blocks records and mentions together is shared by them. */
export function rememberedHash(hash: Keys['blockingHash']): Keys['blockingHash'] {
  const known = new Map<string, string>();
  return (type, value) => {
    const name = `${type}\u001f${value}`;
    let made = known.get(name);
    if (made !== undefined) return made;
    made = hash(type, value);
    if (known.size >= rememberedMax) known.clear();
    known.set(name, made);
    return made;
  };
}

const rememberedMax = 200_000;

const matterNoDigits = 12; // 60 bits: two of a hundred million matters share a number with a chance under 1 in 200
const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function hex128(hex: string): string {
  return hex.slice(0, 32);
}

function base32(hex: string, digits: number): string {
  let value = BigInt(`0x${hex.slice(0, 16)}`);
  let text = '';
  for (let i = 0; i < digits; i += 1) {
    text = crockford[Number(value & 31n)] + text;
    value >>= 5n;
  }
  return text;
}
