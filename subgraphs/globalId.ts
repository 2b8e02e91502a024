/** Global ids of `Node`: base64url of `TypeName:key`. They are opaque to callers and no secret: a key tells nothing. */
export function globalId(typeName: string, key: string): string {
  return Buffer.from(`${typeName}:${key}`).toString('base64url');
}

/** The type and key of an id, or null for any text that is none. */
export function readGlobalId(id: string): { typeName: string; key: string } | null {
  if (id.length > idCharactersMax) return null;
  const match = /^([A-Z][A-Za-z]{0,63}):([\w:-]{1,200})$/.exec(Buffer.from(id, 'base64url').toString());
  if (!match) return null;
  const found = { typeName: match[1]!, key: match[2]! };
  return globalId(found.typeName, found.key) === id ? found : null; // one id has one text
}

/** The key of an id that must be of this type; null for anything else. */
export function keyOfId(typeName: string, id: string): string | null {
  const found = readGlobalId(id);
  return found?.typeName === typeName ? found.key : null;
}

const idCharactersMax = 400;
