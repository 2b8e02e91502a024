import { and, arrayContains, asc, eq, gt, inArray, like, type SQL } from 'drizzle-orm';
import { organization } from '../../schema/hub.ts';
import type { Page } from '../connection.ts';
import type { SubgraphContext } from '../context.ts';
import { byKey, type Batch } from '../loader.ts';
import { territoryPrefix } from '../territory.ts';
import type { OrganizationFilterType } from './types.generated.ts';

export type OrganizationRow = typeof organization.$inferSelect;

export const organizationsByCode: Batch<string, OrganizationRow> = async (context, codes) => {
  const tx = await context.tx();
  return byKey(await tx.select().from(organization).where(inArray(organization.creditCode, [...codes])), (row) => row.creditCode);
};

/** One page of organisations in the order of their credit codes. */
export async function organizationPage(context: SubgraphContext, page: Page, filter: OrganizationFilterType | null | undefined): Promise<OrganizationRow[]> {
  const tx = await context.tx();
  const after = page.after ? gt(organization.creditCode, String(page.after[0])) : undefined;
  return tx.select().from(organization).where(and(after, ...conditions(filter ?? {}))).orderBy(asc(organization.creditCode)).limit(page.rowsMax + 1);
}

function conditions({ kind, division, mediates }: OrganizationFilterType): (SQL | undefined)[] {
  return [
    kind ? eq(organization.kind, kind) : undefined,
    division ? like(organization.division, `${territoryPrefix(division) ?? 'none'}%`) : undefined,
    mediates ? arrayContains(organization.mediates, [mediates]) : undefined,
  ];
}
