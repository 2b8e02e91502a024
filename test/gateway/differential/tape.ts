/**
 * A list of numbers read as choices. Whatever fast-check makes of the list is a valid world or operation, and a shorter
 * list with smaller numbers is a simpler one: past its end every choice is 0, the simplest.
 */
export class Tape {
  private readonly choices: readonly number[];
  private at = 0;

  constructor(choices: readonly number[]) {
    this.choices = choices;
  }

  /** One of 0 to `count` - 1. */
  below(count: number): number {
    const choice = this.choices[this.at] ?? 0;
    this.at += 1;
    return count <= 1 ? 0 : choice % count;
  }

  /** True in `percent` of 100 choices; false past the end. */
  chance(percent: number): boolean {
    return this.below(100) >= 100 - percent;
  }

  one<T>(items: readonly T[]): T | undefined {
    return items[this.below(items.length)];
  }

  some<T>(items: readonly T[], percent: number): T[] {
    return items.filter(() => this.chance(percent));
  }
}
