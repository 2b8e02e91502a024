import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A department is a folder under `connectors/` that holds a `connector.ts`, and its twin under `subgraphs/`. Nothing else
 * lists departments: a further one joins by its two folders and its source URL.
 */
export const departments: readonly string[] = departmentFolders();

/** The project's root, with a trailing slash. */
export function projectRoot(): string {
  return fileURLToPath(new URL('../', import.meta.url));
}

/** `police` → `POLICE_SOURCE_URL`. */
export function sourceUrlName(department: string): string {
  return `${department.toUpperCase()}_SOURCE_URL`;
}

function departmentFolders(): string[] {
  const folder = join(projectRoot(), 'connectors');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'connector.ts')))
    .map((entry) => entry.name)
    .sort();
}
