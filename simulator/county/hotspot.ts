import { dayMs, type Context } from './context.ts';
import type { Facility, Matter } from './matter.ts';
import { matterId } from './output.ts';
import { random } from './random.ts';
import { shanghaiText } from '../time.ts';
import type { Tickets } from './tickets.ts';
import { facilities } from './texts.ts';

const minuteMs = 60_000;

export interface Hotspot {
  matterId: string;
  facility: { kind: string; name: string; identifier: string };
  stop: string;
  day: string;
  window: [string, string];
  channels: number;
  tickets: string[];
  distractors: string[];
}

const reports: readonly [string, string, string, string][] = [
  ['PHONE_12345', '{线}等车太久', '在{站}等{线}等了四十分钟没有一辆，要迟到了。', '{站}站'],
  ['WECHAT_MINIAPP', '{线}间隔太长', '{线}路上少见，{简}这一站早上等不上车，建议加密班次。', '{简}门口'],
  ['PHONE_12345', '{线}到站不停', '{站}站早高峰{线}半小时才来一趟，来了又挤不上去。', '{站}'],
  ['QR_CODE', '反映{线}班次少', '{线}在{站}的等候时间越来越长，同一站等车的有二十多人。', '{简}公交站'],
  ['WECHAT_MINIAPP', '{线}班次问题', '{简}等{线}四十多分钟，其他线路过去五六趟了。', '{站}公交站'],
];

/**
 * Five reports through three channels of one bus line's long headway at one stop on one morning, and three that are not
 * of it: another line at that stop, twice, and that line on another day. In 兰州 it is line 149 at 甘肃大剧院.
 */
export function plantHotspot(context: Context, tickets: Tickets): Hotspot {
  const chance = random(context.seed, 'hotspot');
  const inLanzhou = context.county.cityCode === '6201';
  const line = inLanzhou ? 149 : chance.between(2, 180);
  const place = context.county.cityName || context.county.provinceName;
  const stop = inLanzhou ? '甘肃大剧院' : `${place.replace(/[市州盟]$/, '')}大剧院`;
  const day = Date.parse(`${shanghaiText(context.roundEndMs[0] - 14 * dayMs, 10)}T00:00:00+08:00`);
  const estate = chance.pick(context.estates);
  const bus = facilities.find((texts) => texts.kind === '公交线路')!;
  const facility = (number: number): Facility => ({ texts: bus, name: `${number}路`, identifier: `BUS-${context.county.cityCode}-${number}`, home: { estate, building: 1, unit: 1, room: '101' } });
  const matterOf = (number: number): Matter => ({
    id: context.truth.nextMatter(), chance, startMs: day, dispute: undefined, story: undefined, facility: facility(number), home: facility(number).home, requesters: [], respondent: undefined, days: 1, amount: 0, style: context.style, tellings: [],
  });
  const fill = (text: string, number: number) => text.replaceAll('{线}', `${number}路`).replaceAll('{站}', stop).replaceAll('{简}', stop.slice(-3));
  const report = (matter: Matter, number: number, which: number, atMs: number, channel?: string) => {
    const [usual, title, body, address] = reports[which % reports.length]!;
    return tickets.add(matter, context.people.anyAdult(chance), atMs, { channel: channel ?? usual, text: { title: fill(title, number), body: fill(body, number), address: fill(address, number) }, confidential: false, withId: false });
  };
  const hot = matterOf(line);
  const minutes = [500, 517, 531, 548, 565]; // 8:20 to 9:25
  const numbers = minutes.map((minute, which) => report(hot, line, which, day + minute * minuteMs));
  const other = matterOf(line + 3);
  const distractors = [report(other, line + 3, 2, day + 521 * minuteMs, 'PHONE_12345'), report(other, line + 3, 0, day + 542 * minuteMs, 'WEB'), report(matterOf(line), line, 1, day - 15 * dayMs + 1_210 * minuteMs, 'PHONE_12345')];
  return { matterId: matterId(hot.id), facility: { kind: bus.kind, name: `${line}路`, identifier: facility(line).identifier }, stop, day: shanghaiText(day, 10), window: ['08:20', '09:25'], channels: 3, tickets: numbers, distractors };
}
