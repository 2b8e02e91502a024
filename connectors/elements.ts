/** The bytes of each element of a JSON array, or of the one value that is no array. The text is JSON: it was parsed before. */
export function elementBytes(body: Buffer): Buffer[] {
  const start = body.subarray(0, mark.length).equals(mark) ? mark.length : 0;
  const open = afterSpace(body, start);
  if (body[open] !== bracketOpen) return [body.subarray(start)];
  const elements: Buffer[] = [];
  let depth = 0;
  let from = open + 1;
  for (let at = open; at < body.length; at += 1) {
    const byte = body[at]!;
    if (byte === quote) at = stringEnd(body, at);
    else if (byte === bracketOpen || byte === braceOpen) depth += 1;
    else if (byte === bracketClose || byte === braceClose) depth -= 1;
    if (depth > 1 || (depth === 1 && byte !== comma)) continue;
    // An empty array has no element before its end.
    if (depth === 1 || afterSpace(body, from) < at) elements.push(body.subarray(from, at));
    if (depth === 0) break;
    from = at + 1;
  }
  return elements;
}

const mark = Buffer.from('efbbbf', 'hex');
const [quote, backslash, comma, bracketOpen, bracketClose, braceOpen, braceClose] = [...Buffer.from('"\\,[]{}')] as [number, number, number, number, number, number, number];
const space = new Set(Buffer.from(' \t\r\n'));

function afterSpace(body: Buffer, start: number): number {
  let at = start;
  while (space.has(body[at] ?? 0)) at += 1;
  return at;
}

/** Of the quote that ends the string which begins at `at`. No byte of a longer character is a quote or a backslash. */
function stringEnd(body: Buffer, at: number): number {
  let end = at + 1;
  while (end < body.length && body[end] !== quote) end += body[end] === backslash ? 2 : 1;
  return end;
}
