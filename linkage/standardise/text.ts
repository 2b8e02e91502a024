/**
 * The plain form of a cell: NFKC (full-width letters and digits become ASCII), no control or zero-width characters, outer
 * space removed, inner space collapsed. `null` for an empty cell and for the placeholders people type instead (sources.md).
 */
export function plainText(raw: unknown): string | null {
  if (raw === null || raw === undefined) return null;
  if (typeof raw === 'string' && plain.test(raw)) return placeholders.has(raw) ? null : raw;
  const text = String(raw).normalize('NFKC').replace(unseen, '').replace(/\s+/gu, ' ').trim();
  return text === '' || placeholders.has(text) ? null : text;
}

/** Most cells: unified ideographs, printable ASCII and Chinese full stops, single spaces between them. Nothing above would change one of these. */
const plain = /^[!-~\u3001\u3002\u4e00-\u9fff]+(?: [!-~\u3001\u3002\u4e00-\u9fff]+)*$/;

/** The same with every inner space removed: names, ID numbers and phones. */
export function solidText(raw: unknown): string | null {
  const text = plainText(raw)?.replaceAll(' ', '') ?? null;
  return text === null || placeholders.has(text) ? null : text;
}

/** Cells that mean "empty", after NFKC (`－` and `／` have become `-` and `/`). */
export const placeholders: ReadonlySet<string> = new Set(['无', '不详', '未知', '匿名', '-', '/', '--', '—']);

/** `十四` → 14, `二十一` → 21, `三〇二` → 302; `null` where it is no number below 10,000. */
export function chineseNumber(text: string): number | null {
  if (!/^[〇零一二两三四五六七八九十百千]+$/u.test(text)) return null;
  if (!/[十百千]/u.test(text)) return Number([...text].map((character) => chineseDigits[character]).join(''));
  let total = 0;
  let digit = 0;
  for (const character of text) {
    const unit = chineseUnits[character];
    if (unit === undefined) digit = chineseDigits[character] ?? 0;
    else {
      total += (digit === 0 ? 1 : digit) * unit;
      digit = 0;
    }
  }
  return total + digit;
}

const chineseDigits: Record<string, number> = { 〇: 0, 零: 0, 一: 1, 二: 2, 两: 2, 三: 3, 四: 4, 五: 5, 六: 6, 七: 7, 八: 8, 九: 9 };
const chineseUnits: Record<string, number> = { 十: 10, 百: 100, 千: 1000 };

/** C0 and C1 controls but for white space, zero-width characters, the byte-order mark, the soft hyphen, the replacement character and the two behind it, which XML forbids. */
export const unseen = /[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u200b-\u200f\u2060\ufeff\ufffd-\uffff]/gu;
