/** The digits that the codes of a division and of all below it share: `510107` → `510107`, `510107063000` → `510107063`. */
export function territoryPrefix(code: string): string | null {
  if (!/^\d{2,12}$/.test(code)) return null;
  const full = code.padEnd(12, '0');
  const digits = tierDigits.find((count) => /^0*$/.test(full.slice(count)))!;
  return full.slice(0, digits);
}

const tierDigits = [2, 4, 6, 9, 12];
