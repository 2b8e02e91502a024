import { describe, expect, it } from 'vitest';
import { ahead } from '../../connectors/ahead.ts';

describe('pages one ahead', () => {
  it('the next is made while the last is used, and no further one', async () => {
    const said: string[] = [];
    async function* pages() {
      for (const page of [1, 2, 3]) {
        said.push(`made ${page}`);
        yield page;
      }
    }
    for await (const page of ahead(pages())) {
      await new Promise(setImmediate);
      said.push(`used ${page}`);
    }
    expect(said).toEqual(['made 1', 'made 2', 'used 1', 'made 3', 'used 2', 'used 3']);
  });

  it('what fails on the way is told after everything before it was used', async () => {
    const used: number[] = [];
    async function* pages() {
      yield 1;
      throw new Error('cut');
    }
    const reading = (async () => {
      for await (const page of ahead(pages())) {
        await new Promise(setImmediate);
        used.push(page);
      }
    })();
    await expect(reading).rejects.toThrow('cut');
    expect(used).toEqual([1]);
  });

  it('who stops does not wait for a page that never comes', async () => {
    async function* pages() {
      yield 1;
      await new Promise(() => undefined);
    }
    for await (const page of ahead(pages())) {
      expect(page).toBe(1);
      break;
    }
  });
});
