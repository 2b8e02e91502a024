import type { Keys } from '../base/keys.ts';
import { alike } from './alike.ts';
import type { Row, Stream } from './contract.ts';
import { historyIn, mapRecord, type Mapped } from './map.ts';

/**
 * What a version becomes, worked out where somebody asks for it. Of the versions of one ticket that wait together only the
 * newest is written: of the others it is told whether anything changed, and when.
 */
export class Mapping implements Mapped {
  readonly #stream: Stream;
  readonly #row: Row;
  readonly #keys: Keys;
  readonly #restricted: boolean;
  #whole: Mapped | undefined;

  /** As `mapRecord`. */
  constructor(stream: Stream, row: Row, keys: Keys, restricted: boolean) {
    this.#stream = stream;
    this.#row = row;
    this.#keys = keys;
    this.#restricted = restricted;
  }

  get whole(): Mapped {
    return (this.#whole ??= mapRecord(this.#stream, this.#row, this.#keys, this.#restricted));
  }

  /** Whether both become the same columns; times, repairs and milestones of the source are none. Of one stream. */
  isAlike(other: Mapping): boolean {
    return this.#restricted === other.#restricted && alike(this.#stream, this.#row, other.#row, this.#keys, this.#restricted);
  }

  get record() {
    return this.whole.record;
  }

  get detail() {
    return this.whole.detail;
  }

  get mentions() {
    return this.whole.mentions;
  }

  get assignments() {
    return this.whole.assignments;
  }

  get units() {
    return this.whole.units;
  }

  get organization() {
    return this.whole.organization;
  }

  get thing() {
    return this.whole.thing;
  }

  get repairs() {
    return this.whole.repairs;
  }

  get quarantined() {
    return this.whole.quarantined;
  }

  get sourceUpdatedAt() {
    return this.#history.sourceUpdatedAt;
  }

  get milestones() {
    return this.#history.milestones;
  }

  get #history(): Pick<Mapped, 'sourceUpdatedAt' | 'milestones'> {
    return this.#whole ?? historyIn(this.#stream, this.#row);
  }
}
