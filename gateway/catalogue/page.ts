import type { BothLanguages, DatasetField, NeverStored } from '../../connectors/catalogue.ts';
import type { FreshDataset } from './fresh-dataset.ts';
import { sharingNames } from './dcat.ts';

/** The catalogue for people, in both languages, without a script. Texts of declarations are escaped like anybody's. */
export function cataloguePage(datasets: readonly FreshDataset[]): string {
  return `<!doctype html>
<html lang="zh">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>一网数据目录 · yiwang data catalogue</title><link rel="alternate" type="application/ld+json" href="/catalog.jsonld"><style>${style}</style></head>
<body>
<header><h1>一网数据目录<small>yiwang data catalogue</small></h1>
<p>由接入声明与分级的模式生成，不含任何记录。<span lang="en">Generated from the departments' declarations and the classified schema; it holds no record.</span> <a href="/catalog.jsonld">DCAT 3 (JSON-LD)</a> · GraphQL <code>{ datasets { … } }</code> · <a href="/">控制台 console</a></p></header>
<nav>${datasets.map(({ id, title, sharing, freshThrough }) => `<a href="#${escaped(id)}"><b>${escaped(title.zh)}</b><span lang="en">${escaped(title.en)}</span><em class="${sharing}">${sharingNames[sharing].zh}</em>${time(freshThrough)}</a>`).join('\n')}</nav>
<main>${datasets.map(section).join('\n')}</main>
</body></html>
`;
}

function section(one: FreshDataset): string {
  const facts: [string, string, string][] = [
    ['共享属性', 'sharing', both(sharingNames[one.sharing])],
    ['数据提供方', 'steward', both(one.steward)],
    ['来源系统', 'source system', `<code>${escaped(one.sourceKind)}</code>`],
    ['记录类型', 'record type', one.recordType === null ? '–' : `<code>${escaped(one.recordType)}</code>`],
    ['数据完整到', 'complete up to', time(one.freshThrough)],
    ['更新安排', 'schedule', `<code>${escaped(one.schedule.cron)}</code> ${escaped(one.schedule.timeZone)}`],
    ['法律依据', 'legal basis', both(one.legalBasis)],
    ['保存期限', 'retention', `${one.retention.years} 年 years，脱敏保留 ${one.retention.maskedYears} 年后删除 <span lang="en">then masked for ${one.retention.maskedYears}, then deleted</span> · ${both(one.retention.basis)}`],
    ['从不入库', 'never stored', one.neverStored.map(never).join('<br>') || '–'],
  ];
  return `<section id="${escaped(one.id)}"><h2>${escaped(one.title.zh)} <span lang="en">${escaped(one.title.en)}</span> <code>${escaped(one.id)}</code></h2>
<dl>${facts.map(([zh, en, value]) => `<dt>${zh}<span lang="en">${en}</span></dt><dd>${value}</dd>`).join('')}</dl>
<table><thead><tr>${[['部门用语', 'own term'], ['统一字段', 'schema field'], ['说明', 'in words'], ['密级', 'class'], ['编码体系', 'code system'], ['血缘', 'lineage']].map(([zh, en]) => `<th>${zh}<span lang="en">${en}</span></th>`).join('')}</tr></thead>
<tbody>${one.fields.map(row).join('\n')}</tbody></table></section>`;
}

function row(field: DatasetField): string {
  const lineage = field.lineage.map(({ repair, target, schemaField }) => `${escaped(repair)} → <code>${escaped(schemaField ?? target)}</code>`).join('<br>');
  const cells = [
    `<code>${escaped(field.name)}</code>${field.required ? ' <abbr title="必填 required">*</abbr>' : ''}`,
    field.schemaFields.map((name) => `<code>${escaped(name)}</code>`).join('<br>') || '–',
    field.title === null ? '–' : both(field.title),
    `<em class="${field.class}">${field.class}</em>`,
    `${escaped(field.codeSystem ?? '–')}${field.values.length > 0 ? `<br><small>${field.values.map(escaped).join(' ')}</small>` : ''}`,
    lineage || '–',
  ];
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
}

function never({ field, rule, when }: NeverStored): string {
  const what = field === null ? '整条记录 <span lang="en">the whole record</span>' : `<code>${escaped(field)}</code>`;
  const why = [rule, when].filter((part) => part !== null).map((part) => `<code>${escaped(part)}</code>`).join(' ');
  return why ? `${what}：${why}` : what;
}

function both({ zh, en }: BothLanguages): string {
  return `${escaped(zh)} <span lang="en">${escaped(en)}</span>`;
}

function time(instant: string | null): string {
  return instant === null ? '<time>–</time>' : `<time datetime="${instant}">${instant.slice(0, 16).replace('T', ' ')} UTC</time>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const style = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --dim: color-mix(in srgb, currentColor 62%, transparent) }
body { font: 14px/1.55 system-ui, "Noto Sans SC", "Noto Sans CJK SC", sans-serif; margin: 0 auto; max-width: 1280px; padding: 0 24px 64px }
h1 small, [lang=en] { color: var(--dim); font-weight: normal; font-size: .88em; margin-left: .4em }
nav { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 10px }
nav a { border: 1px solid var(--line); border-radius: 8px; padding: 10px 12px; color: inherit; text-decoration: none; display: grid; gap: 2px; justify-items: start }
nav a [lang=en], th [lang=en], dt [lang=en] { margin: 0; display: block }
section { margin-top: 40px } h2 code { font-size: .7em; color: var(--dim) }
dl { display: grid; grid-template-columns: 150px 1fr; gap: 4px 16px } dt, dd { margin: 0; border-top: 1px solid var(--line); padding-top: 4px }
table { border-collapse: collapse; width: 100%; margin-top: 12px } th, td { text-align: left; vertical-align: top; border-top: 1px solid var(--line); padding: 5px 10px 5px 0; overflow-wrap: anywhere } th { font-weight: 600 }
code { font: .92em ui-monospace, monospace } time { color: var(--dim); font-size: .9em }
em { font-style: normal; font-size: .85em; border: 1px solid; border-radius: 4px; padding: 0 5px; color: #7a5b00 } em.PUBLIC, em.UNCONDITIONAL { color: #0a7a3d } em.SENSITIVE, em.RESTRICTED, em.NOT_SHARED { color: #b3261e } em.WORK { color: #1f5fa8 }
@media (prefers-color-scheme: dark) { em { color: #e2b93b } em.PUBLIC, em.UNCONDITIONAL { color: #57c785 } em.SENSITIVE, em.RESTRICTED, em.NOT_SHARED { color: #ff8a80 } em.WORK { color: #7db7f5 } }
`;
