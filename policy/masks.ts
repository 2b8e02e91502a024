import type { Mask } from './classes.ts';

/**
 * What is shown of a value that may be seen in part. A mask keeps the type or gives null; a list is masked item by item.
 * Texts and coordinates have no part to show: a text may hold anything, and the grid is a field of its own.
 */
export function masked(mask: Mask, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map((item) => masked(mask, item));
  if (typeof value === 'string') return maskedText[mask](value);
  // A year of birth is all that its mask leaves of a date; every other number would show too much.
  if (mask === 'BIRTH_DATE' && typeof value === 'number' && Number.isInteger(value) && value < 10_000) return value;
  return null;
}

const maskedText: Record<Mask, (text: string) => string | null> = {
  NAME: maskedName,
  PHONE: maskedPhone,
  ID_NUMBER: maskedIdNumber,
  ADDRESS: maskedAddress,
  BIRTH_DATE: maskedBirthDate,
  COORDINATES: () => null,
  TEXT: () => null,
};

/** `张三` → `张*`, `欧阳娜娜` → `欧阳**`, `王女士` → `王**`, `John Smith` → `J*********`; one character → `*`. */
function maskedName(name: string): string | null {
  const characters = [...name.trim()];
  if (characters.length === 0) return null;
  if (characters.length === 1) return '*';
  const surname = characters.length > 2 && compoundSurnames.has(characters.slice(0, 2).join('')) ? 2 : 1;
  return characters.slice(0, surname).join('') + '*'.repeat(Math.min(characters.length - surname, maskCharactersMax));
}

/** `13812345678` → `138****5678`; `+8613812345678` → `+86138****5678`; a land line or an unknown form keeps its last two. */
function maskedPhone(phone: string): string | null {
  const compact = phone.replace(/[\s-]/g, '');
  const mobile = /^(\+86)?(1\d{2})\d{4}(\d{4})$/.exec(compact);
  if (mobile) return `${mobile[1] ?? ''}${mobile[2]}****${mobile[3]}`;
  return tail(compact, 2, 7);
}

/** `62010219900307123X` → `62**************3X`: the province and the last two stay. */
function maskedIdNumber(number: string): string | null {
  const compact = number.trim();
  if (!/^\d{17}[\dXx]$/.test(compact)) return tail(compact, 0, 0);
  return `${compact.slice(0, 2)}${'*'.repeat(14)}${compact.slice(16)}`;
}

/** Down to the community: what stands before the first road, number, estate or building after `社区` or `村` goes no further. */
function maskedAddress(address: string): string | null {
  const compact = address.normalize('NFKC').replace(/\s/g, '');
  const community = communityEnd.exec(compact) ?? townshipEnd.exec(compact) ?? countyEnd.exec(compact);
  return community ? community[0] : null;
}

/** `1990-03-07`, `19900307` → `1990`: a date is no longer one, so the field's type must be text. */
function maskedBirthDate(date: string): string | null {
  return /^(18|19|20)\d{2}(?=$|\D|\d{4}$)/.exec(date.trim())?.[0] ?? null;
}

function tail(text: string, shown: number, lengthMin: number): string | null {
  const characters = [...text];
  if (characters.length === 0) return null;
  if (characters.length < lengthMin) return '*'.repeat(characters.length);
  return '*'.repeat(Math.min(characters.length - shown, maskCharactersMax)) + characters.slice(characters.length - shown).join('');
}

const maskCharactersMax = 20;

// Digits end a division's name: `12号村` is a house. The lazy match stops at the first such word, so nothing finer follows.
const communityEnd = /^[^\d]{2,40}?(?:社区|居委会|村委会|(?<![新农山])村(?!路|街|道|巷|口|镇))/u;
const townshipEnd = /^[^\d]{2,30}?(?:街道|镇|乡|苏木)(?!路|街|巷|口)/u;
const countyEnd = /^[^\d]{2,24}?(?:(?<!小|社|园|院|城|山|厂)区|县|旗)(?!路|街|巷|口)/u;

const compoundSurnames = new Set(
  `欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 宇文 长孙 司徒 司空 夏侯 轩辕 端木 百里 南宫 闻人 独孤 申屠 濮阳 公冶 太史 淳于 单于
   澹台 钟离 鲜于 拓跋 呼延 东郭 南门 西门 公羊 穀梁 谷梁 宗政 赫连 万俟 仲孙 公西 漆雕 乐正 壤驷 公良 夹谷 宰父 巫马 段干 第五 歐陽 諸葛 東方 司馬 長孫 慕容
   夏侯 尉遲 公孫 軒轅 聞人 獨孤 申屠 鍾離 鮮于 呼延 東郭 南門 西門 萬俟 樂正`.split(/\s+/),
);
