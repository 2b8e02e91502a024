import { dayMs, type Context } from './context.ts';
import { excelSerial, writtenTime } from './dirt.ts';
import { random } from './random.ts';

export interface AssociationRow {
  cells: (string | number)[];
  end: 'live' | 'deleted' | 'neither';
  quarantined?: 'UNPARSABLE_TIME' | 'REQUIRED_MISSING';
}

const snapshotFirst = 264;
const increment = 144;
const snapshotLast = 25;

/**
 * The rows of shzz in the delivery of so many days before the end (the first snapshot, one increment, the last snapshot),
 * or with `all` each organisation once, as it ends.
 */
export function associationRows(context: Context, delivery: number | 'all'): AssociationRow[] {
  const { associations } = context.organisations;
  const county = context.county;
  const rows: AssociationRow[] = [];
  for (const [index, association] of associations.entries()) {
    const chance = random(context.seed, 'association row', index);
    // Mediators are always there: cases are handed to them.
    const ordinary = association.mediates.length === 0;
    const gone = ordinary && index % Math.ceil(associations.length / 3) === Math.ceil(associations.length / 3) - 1;
    const young = ordinary && index % 17 === 5 && !gone;
    const changed = index % 9 === 4;
    const listed = delivery === 'all' || (delivery === snapshotFirst ? !young : delivery === increment ? young || changed : delivery === snapshotLast && !gone);
    if (!listed) continue;
    const days = changed && delivery !== snapshotFirst ? increment + 3 : young ? increment + 5 : snapshotFirst + chance.between(10, 60);
    const updatedMs = context.asOfMs - days * dayMs - chance.below(80_000) * 1000;
    const place = county.cityName || county.provinceName;
    rows.push({
      cells: [
        association.name, association.creditCode, association.category, changed && ordinary && delivery !== snapshotFirst ? '注销' : '正常', `${place}${county.name}${association.village.township.name}${association.village.name.replace(/居委会|村委会/, '')}`, association.village.code,
        `${county.name}民政局`, `0${chance.between(300, 899)}-8${String(chance.below(1_000_000)).padStart(6, '0')}`, association.mediates.join('、'), chance.chance(0.1) ? excelSerial(updatedMs, false) : writtenTime(updatedMs, chance, { serial: true }),
      ],
      end: gone ? 'deleted' : 'live',
    });
  }
  if (delivery === increment) rows.push(spoiled(context, 0), spoiled(context, 1));
  return rows;
}

/** A row without a name, and one whose update time nobody can read. */
function spoiled(context: Context, which: 0 | 1): AssociationRow {
  const [association] = context.organisations.associations;
  const code = `5${which + 1}${context.county.code}MJX0000${which}0${which}`;
  const cells = [which === 0 ? '无' : `${context.county.name}未具名协会`, code.padEnd(18, '0').slice(0, 18), '社会团体', '正常', context.county.name, association!.village.code, `${context.county.name}民政局`, '', '', which === 0 ? '2026-05-01 10:00:00' : '近日'];
  return { cells, end: 'neither', quarantined: which === 0 ? 'REQUIRED_MISSING' : 'UNPARSABLE_TIME' };
}
