/** One bar of a chart. */
export interface Bar {
  name: string;
  value: number;
}

const [width, rowHeight, nameWidth, valueWidth, top] = [760, 26, 210, 70, 46];

/** Horizontal bars as SVG, longest value to the right edge; readable on light and dark pages. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const longest = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
  const height = top + bars.length * rowHeight + 10;
  const rows = bars.map(({ name, value }, at) => {
    const y = top + at * rowHeight;
    const length = Math.max(1, ((width - nameWidth - valueWidth) * value) / longest);
    const colour = name.startsWith('yiwang') ? '#2f6fb3' : '#9aa3ad';
    return `<text x="${nameWidth - 8}" y="${y + 16}" text-anchor="end">${escaped(name)}</text><rect x="${nameWidth}" y="${y + 3}" width="${length.toFixed(1)}" height="${rowHeight - 8}" fill="${colour}"/><text x="${(nameWidth + length + 6).toFixed(1)}" y="${y + 16}">${value.toFixed(value < 10 ? 2 : 1)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="#ffffff"/><text x="12" y="26" font-size="15">${escaped(title)}</text>${rows.join('')}</svg>\n`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
