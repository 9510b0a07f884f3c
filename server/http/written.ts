import { createHash } from 'node:crypto';

/** A body as the bytes that are sent. Only of what is read: no answer that is kept for a repeat is one. */
export class Written {
  readonly json: Buffer;
  readonly etag: string;

  constructor(text: string) {
    this.json = Buffer.from(text);
    this.etag = `W/"${createHash('sha256').update(this.json).digest('base64url')}"`;
  }
}

/** Of the longest, about a megabyte each. */
const MOST_LISTS = 8;

/**
 * Writes lists of things, of which each is shaped once: for long lists of things that hardly ever change, and are the same
 * objects as long as they have not. The last few lists are known as a whole.
 */
export function createLists<T extends object>(shape: (item: T) => unknown): (items: readonly T[]) => Written {
  const texts = new WeakMap<T, string>();
  let lists: { readonly items: readonly T[]; readonly written: Written }[] = [];

  function textOf(item: T): string {
    const known = texts.get(item);
    if (known !== undefined) return known;
    const text = JSON.stringify(shape(item));
    texts.set(item, text);
    return text;
  }

  return (items) => {
    const known = lists.find((one) => sameItems(one.items, items));
    const written = known?.written ?? new Written(`[${items.map(textOf).join(',')}]`);
    lists = [known ?? { items, written }, ...lists.filter((one) => one !== known)].slice(0, MOST_LISTS);
    return written;
  };
}

function sameItems<T>(some: readonly T[], others: readonly T[]): boolean {
  return some.length === others.length && some.every((one, nth) => one === others[nth]);
}
