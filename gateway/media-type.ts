const mediaTypes = ['application/json', 'application/graphql-response+json'] as const;

/**
 * The media type that an `Accept` header prefers, of those in which answers and refusals are written; null where it takes
 * neither. The greatest `q`, then the most exact range, then the first named (RFC 9110, 12.5.1). Without a header: JSON.
 */
export function mediaTypeFor(accept: string | undefined): string | null {
  if (!accept?.trim()) return typeNamed(mediaTypes[0]);
  const ranges = accept.split(',').map(readRange);
  const offers = mediaTypes.flatMap((type) => {
    const matching = ranges.flatMap((range, place) => {
      const exactness = exactnessOf(range, type);
      return exactness === 0 ? [] : [{ type, exactness, quality: range.quality, place }];
    });
    return matching.sort((a, b) => b.exactness - a.exactness || b.quality - a.quality).slice(0, 1); // the most exact range speaks for the type
  });
  const [preferred] = offers.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality || b.exactness - a.exactness || a.place - b.place);
  return preferred ? typeNamed(preferred.type) : null;
}

interface MediaRange {
  /** In lower case, as are the parameters. */
  name: string;
  /** Without `q`. */
  parameters: readonly string[];
  /** 0 to 1; 0 where it cannot be read. */
  quality: number;
}

function readRange(text: string): MediaRange {
  const [name = '', ...rest] = text.split(';').map((part) => part.trim().toLowerCase());
  const weight = rest.find((part) => part.startsWith('q='));
  const quality = weight === undefined ? 1 : Number(weight.slice('q='.length));
  return { name, parameters: rest.filter((part) => part !== '' && part !== weight), quality: quality >= 0 && quality <= 1 ? quality : 0 };
}

/** 0: does not match. What we write is UTF-8, and has no other parameter. */
function exactnessOf({ name, parameters }: MediaRange, type: string): number {
  if (!parameters.every((parameter) => parameter.replaceAll('"', '') === 'charset=utf-8')) return 0;
  return name === type ? 3 : name === 'application/*' ? 2 : name === '*/*' ? 1 : 0;
}

function typeNamed(type: string): string {
  return `${type}; charset=utf-8`;
}
