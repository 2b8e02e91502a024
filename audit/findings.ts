/**
 * What can be wrong with the stored log: one code for each kind of tampering, with a sentence in two languages. The table
 * is closed; scripts rely on the codes.
 */
export const findingTexts = {
  ENTRY_EDITED: { zh: '条目内容被修改', en: 'the entry was edited' },
  ENTRY_DELETED: { zh: '条目被删除', en: 'the entry was deleted' },
  ENTRIES_REORDERED: { zh: '条目顺序被调换', en: 'entries changed places' },
  ENTRIES_RENUMBERED: { zh: '条目被重新编号', en: 'entries were renumbered' },
  ENTRY_UNSEQUENCED: { zh: '条目未经写入流程而插入', en: 'the entry was put in behind the sequencer' },
  ENTRY_COLUMNS_ALTERED: { zh: '条目的检索列与其内容不符', en: 'the columns beside the entry do not repeat what it says' },
  TAIL_TRUNCATED: { zh: '日志末尾被截断', en: 'the end of the log was cut off' },
  LEAF_HASH_ALTERED: { zh: '所存叶子哈希被改动', en: 'the stored leaf hash was altered' },
  ROOT_ALTERED: { zh: '条目与同时写入的根哈希不符', en: 'the entries do not give the root that was written with them' },
  BATCH_MISSING: { zh: '写入批次缺失', en: 'the record of a group commit is missing' },
  TILE_ALTERED: { zh: '哈希瓦片被改动', en: 'a tile was altered' },
  TILE_MISSING: { zh: '哈希瓦片缺失', en: 'a tile is missing' },
  SUBJECT_INDEX_ALTERED: { zh: '主体索引与条目不符', en: 'the index of subjects does not give the root in the entry' },
  CLOCK_WENT_BACK: { zh: '记录时间倒退', en: 'the time of writing went back' },
  HISTORY_REWRITTEN: { zh: '历史被改写：与库外检查点不一致', en: 'history was rewritten: it does not match a checkpoint kept outside' },
  HISTORY_FORKED: { zh: '历史分叉：同一密钥签署了两份不同的历史', en: 'history was forked: the same key signed two of them' },
  BACKUP_RESTORED: { zh: '数据库被旧备份恢复：库外检查点更新', en: 'the database was restored from an older backup: a checkpoint kept outside is ahead of it' },
  CHECKPOINT_CONTRADICTED: { zh: '库内检查点与条目不一致', en: 'a checkpoint in the database does not match the entries' },
  CHECKPOINT_FORGED: { zh: '检查点签名无效', en: 'the signature of a checkpoint is invalid' },
  KEY_SWAPPED: { zh: '检查点由其他密钥签署', en: 'a checkpoint is signed with another key' },
  TOO_MANY: { zh: '发现过多，其余不再列出', en: 'there are more findings than are listed' },
} as const satisfies Record<string, { zh: string; en: string }>;

export type FindingCode = keyof typeof findingTexts;

export interface Finding {
  code: FindingCode;
  /** The entry it is about, or the first of a run of them; absent when it is about no entry. */
  index?: number;
  /** The last entry of the run. */
  through?: number;
  text: { zh: string; en: string };
}

/** Collects findings; runs of neighbouring entries with one code become one, and the list ends at `findingsMax`. */
export function newFindings(): Findings {
  const list: Finding[] = [];
  let dropped = false;
  const add = (code: FindingCode, index?: number, through: number | undefined = index): void => {
    const last = list.at(-1);
    if (index !== undefined && last?.code === code && last.through === index - 1) {
      last.through = through!;
      last.text = worded(code, last.index, through);
    } else if (list.length < findingsMax) {
      list.push({ code, ...(index === undefined ? {} : { index, through }), text: worded(code, index, through) });
    } else if (!dropped) {
      dropped = true;
      list.push({ code: 'TOO_MANY', text: worded('TOO_MANY') });
    }
  };
  return { list, add };
}

export interface Findings {
  list: Finding[];
  add: (code: FindingCode, index?: number, through?: number) => void;
}

const findingsMax = 1_000;

function worded(code: FindingCode, index?: number, through?: number): { zh: string; en: string } {
  const { zh, en } = findingTexts[code];
  if (index === undefined) return { zh, en };
  if (through === undefined || through === index) return { zh: `${zh}（第 ${index} 条）`, en: `${en} (entry ${index})` };
  return { zh: `${zh}（第 ${index} 至 ${through} 条）`, en: `${en} (entries ${index} to ${through})` };
}
