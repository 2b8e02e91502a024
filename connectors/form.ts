/**
 * The form of a quarantined row: field → what kind of characters stand there, never the value. Digits become 9, letters a,
 * Han characters 汉; long values are cut. This is all that operators see of it.
 */
export function formOf(content: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(content).slice(0, fieldsMax).map(([field, value]) => [field, masked(value)]));
}

const fieldsMax = 200;
const shownMax = 40;

function masked(value: unknown): string {
  if (value === null || value === undefined || value === '') return '(empty)';
  if (Array.isArray(value)) return `(list of ${value.length})`;
  if (typeof value === 'object') return '(object)';
  const text = String(value);
  const form = text.slice(0, shownMax).replace(/\p{Nd}/gu, '9').replace(/\p{Script=Han}/gu, '汉').replace(/\p{L}/gu, (letter) => (letter === '汉' ? letter : 'a'));
  return text.length > shownMax ? `${form}… (${text.length} characters)` : form;
}
