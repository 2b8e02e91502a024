import type { Pool } from '../../base/db.ts';
import { readDatasetInfo } from '../../simulator/dataset.ts';

/** Tells the hub which county a data set is about and when its business clock starts; the clock runs on where the set is the same as before. */
export async function setCounty(pool: Pool, dataset: string): Promise<void> {
  const { regionRoot, asOf } = readDatasetInfo(dataset);
  await pool.query(
    `INSERT INTO hub.setting (name, value) VALUES ('region_root', to_jsonb($1::text)), ('as_of', to_jsonb($2::text))
     ON CONFLICT (name) DO UPDATE SET value = excluded.value, set_at = CASE WHEN setting.value = excluded.value THEN setting.set_at ELSE now() END`,
    [regionRoot, asOf],
  );
}
