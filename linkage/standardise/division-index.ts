/** The shape of a row of `schema/divisions/divisions.ts`. */
export interface DivisionRow {
  code: string;
  name: string;
  tier: 'PROVINCE' | 'CITY' | 'COUNTY' | 'TOWNSHIP' | 'VILLAGE';
  parent: string | null;
}

export interface DivisionMatch {
  codes: readonly string[];
  /** Characters of the text that the name took. */
  length: number;
  /** Whether the name stood without the word that tells its kind (`兴蓉` for `兴蓉社区居委会`). */
  bare: boolean;
}

/** Names of divisions as tries: one of provinces, cities and counties, one of each county's townships and villages. */
export interface DivisionIndex {
  /** The longest name of a province, city or county at `at`. */
  upper(text: string, at: number): DivisionMatch | null;
  /** The longest name of a township or village of `county` (12 digits) at `at`. */
  lower(county: string, text: string, at: number): DivisionMatch | null;
}

/** Builds the index; a county's own trie is built when it is first asked for, from `rows` or from what `rowsOf` gives. */
export function divisionIndex(rows: Iterable<DivisionRow>, rowsOf?: (county: string) => Iterable<DivisionRow>): DivisionIndex {
  const top: TrieNode = newNode();
  const below = new Map<string, DivisionRow[]>();
  for (const row of rows) {
    if (isLower(row)) {
      const county = `${row.code.slice(0, 6)}000000`;
      const list = below.get(county);
      if (list === undefined) below.set(county, [row]);
      else list.push(row);
    } else addUpper(top, row);
  }
  const tries = new Map<string, TrieNode>();
  const lowerTrie = (county: string): TrieNode => {
    let trie = tries.get(county);
    if (trie === undefined) {
      trie = newNode();
      for (const row of rowsOf?.(county) ?? below.get(county) ?? []) if (isLower(row)) addLower(trie, row);
      tries.set(county, trie);
    }
    return trie;
  };
  return { upper: (text, at) => longest(top, text, at), lower: (county, text, at) => longest(lowerTrie(county), text, at) };
}

function isLower(row: DivisionRow): boolean {
  return row.tier === 'TOWNSHIP' || row.tier === 'VILLAGE';
}

interface TrieNode {
  next: Map<string, TrieNode>;
  codes: string[];
  bare: boolean;
}

function newNode(): TrieNode {
  return { next: new Map(), codes: [], bare: false };
}

function addUpper(trie: TrieNode, row: DivisionRow): void {
  insert(trie, row.name, row.code, false);
  // `四川成都武侯区`: provinces and cities are often written without 省 and 市, counties hardly ever.
  if (row.tier !== 'COUNTY') {
    const stem = row.name.replace(/(?:特别行政区|维吾尔自治区|壮族自治区|回族自治区|自治区|省|市|地区|盟)$/u, '');
    if (stem.length >= 2 && stem !== row.name) insert(trie, stem, row.code, false);
  }
}

function addLower(trie: TrieNode, row: DivisionRow): void {
  const kind = row.tier === 'TOWNSHIP' ? /(?:街道办事处|街道|地区办事处|办事处|地区|镇|乡|苏木)$/u : /(?:社区居民委员会|社区居委会|居民委员会|居委会|村民委员会|村委会|社区|嘎查村|村)$/u;
  const stem = row.name.replace(kind, '');
  const ends = row.tier === 'TOWNSHIP' ? townshipEnds(row.name) : villageEnds(row.name);
  insert(trie, row.name, row.code, false);
  for (const end of ends) insert(trie, stem + end, row.code, false);
  if (stem.length >= 2 && !/^(?:第?[一二三四五六七八九十]+|东|西|南|北)$/u.test(stem)) insert(trie, stem, row.code, true);
}

function townshipEnds(name: string): readonly string[] {
  if (/(?:街道|街道办事处)$/u.test(name)) return ['街道办事处', '街道办', '街道', '街', '办事处'];
  if (name.endsWith('镇')) return ['镇', '镇政府', '镇人民政府'];
  return name.endsWith('乡') ? ['乡', '乡政府'] : [];
}

function villageEnds(name: string): readonly string[] {
  if (/村|嘎查/u.test(name) && !/社区|居/u.test(name)) return ['村民委员会', '村委会', '村'];
  return ['社区居民委员会', '社区居委会', '居民委员会', '居委会', '社区'];
}

/** A spelling with its kind beats a bare one of the same letters (a village named like a township's stem). */
function insert(trie: TrieNode, name: string, code: string, bare: boolean): void {
  let node = trie;
  for (const character of name) {
    let next = node.next.get(character);
    if (next === undefined) {
      next = newNode();
      node.next.set(character, next);
    }
    node = next;
  }
  if (node.codes.length > 0 && node.bare && !bare) node.codes = [];
  if (node.codes.length > 0 && !node.bare && bare) return;
  if (!node.codes.includes(code)) node.codes.push(code);
  node.bare = bare;
}

function longest(trie: TrieNode, text: string, at: number): DivisionMatch | null {
  let node: TrieNode | undefined = trie;
  let found: DivisionMatch | null = null;
  for (let index = at; index < text.length; index += 1) {
    node = node.next.get(text[index] as string);
    if (node === undefined) break;
    if (node.codes.length > 0) found = { codes: node.codes, length: index + 1 - at, bare: node.bare };
  }
  return found;
}
