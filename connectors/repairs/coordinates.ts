import gcoord from 'gcoord';

// The package is CommonJS and its types describe its ES module.
const { transform, GCJ02, WGS84 } = gcoord as unknown as { transform(point: [number, number], from: string, to: string): [number, number]; GCJ02: string; WGS84: string };

/** Degrees with six decimals, as text, in WGS 84. */
export interface Position {
  lng: string;
  lat: string;
}

/** GCJ-02, in which Chinese maps are published, to WGS 84. `null` outside the world, or where one half is missing. */
export function wgs84(lng: unknown, lat: unknown): Position | null {
  const [x, y] = [degrees(lng, 180), degrees(lat, 90)];
  if (x === null || y === null || (x === 0 && y === 0)) return null;
  const [east, north] = transform([x, y], GCJ02, WGS84);
  return { lng: east.toFixed(6), lat: north.toFixed(6) };
}

function degrees(raw: unknown, bound: number): number | null {
  if (raw === null || raw === undefined || raw === '') return null;
  const value = Number(String(raw).normalize('NFKC').trim());
  return Number.isFinite(value) && Math.abs(value) <= bound ? value : null;
}
