/** A block of IPv4 addresses: its lowest address as a number, and the length of its mask. */
export interface Block {
  readonly first: number;
  readonly bits: number;
}

/**
 * Reads `10.176.0.0/12`; a lone address is a block of one, and bits behind the mask are cut off, as the addresses of
 * interfaces are written. Undefined for anything else.
 */
export function parseBlock(text: string): Block | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text);
  if (!match) return undefined;
  const octets = match.slice(1, 5).map(Number);
  const bits = Number(match[5] ?? 32);
  if (bits > 32 || octets.some((octet) => octet > 255)) return undefined;
  const address = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  return { first: address - (address % sizeOf(bits)), bits };
}

/** A block written by us: throws on what `parseBlock` cannot read. */
export function block(text: string): Block {
  const parsed = parseBlock(text);
  if (!parsed) throw new Error(`${text} is not a block of IPv4 addresses such as 10.176.0.0/12`);
  return parsed;
}

export function printBlock({ first, bits }: Block): string {
  return `${printAddress(first)}/${bits}`;
}

export function printAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** How many addresses a mask of this length leaves. */
export function sizeOf(bits: number): number {
  return 2 ** (32 - bits);
}

/** True when the two have an address in common. */
export function overlap(a: Block, b: Block): boolean {
  return a.first < b.first + sizeOf(b.bits) && b.first < a.first + sizeOf(a.bits);
}
