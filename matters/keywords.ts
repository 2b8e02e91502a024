interface Titled {
  title: string;
  topic: string | null;
  requester: string | null;
  private: readonly string[];
}

const keywordsMax = 6;
const lengths = [8, 7, 6, 5, 4, 3, 2];
const privateLengthMin = 2;
/** Words that say nothing of what it is about. */
const empty = /反映|问题|情况|投诉|咨询|建议|求助|举报|希望|请求|诉求|我们|他们|小区|社区|街道|先生|女士|的/u;

/**
 * What several reports have in common: the names of their content category, then words of two to eight characters that stand
 * in at least `recordsMin` titles by as many people. Never a part of a name, a phone or an address of any of them, never a digit.
 */
export function keywordsOf(records: readonly Titled[], recordsMin: number): string[] {
  const hidden = records.flatMap((record) => record.private.map(plain)).filter((text) => text.length >= privateLengthMin);
  const topics = common(records, (record) => (record.topic ?? '').split('/').filter((name) => name.length >= 2), Math.max(recordsMin, Math.ceil(records.length / 2)));
  const words = common(records, (record) => grams(record.title, hidden), recordsMin).filter((word) => !topics.some((topic) => topic.includes(word)));
  const maximal = words.filter((word, index) => !words.some((other, at) => at !== index && other.includes(word) && other.length > word.length));
  return [...new Set([...topics, ...maximal])].slice(0, keywordsMax);
}

/** The most frequent first. */
function common(records: readonly Titled[], of: (record: Titled) => string[], recordsMin: number): string[] {
  const reporters = new Map<string, Set<string>>();
  records.forEach((record, index) => {
    for (const word of new Set(of(record))) reporters.set(word, (reporters.get(word) ?? new Set()).add(record.requester ?? `unknown ${index}`));
  });
  const frequent = [...reporters].filter(([, people]) => people.size >= recordsMin);
  return frequent.sort((a, b) => b[1].size - a[1].size || b[0].length - a[0].length || (a[0] < b[0] ? -1 : 1)).map(([word]) => word);
}

function grams(title: string, hidden: readonly string[]): string[] {
  const found: string[] = [];
  for (const run of plain(title).match(/\p{Script=Han}+/gu) ?? []) {
    for (const length of lengths) for (let at = 0; at + length <= run.length; at += 1) found.push(run.slice(at, at + length));
  }
  return found.filter((word) => !empty.test(word) && !hidden.some((text) => text.includes(word) || word.includes(text)));
}

function plain(text: string): string {
  return text.normalize('NFKC').replaceAll(/\s/g, '');
}
