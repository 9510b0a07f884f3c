import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

export interface Shipped {
  /** From the root: `node_modules/zod`. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

/** A section of notices per licence text; packages that share a text share its section. */
export function noticesOf(shipped: readonly Shipped[]): string {
  const byText = new Map<string, string[]>();
  for (const { path, name, version, license } of shipped) {
    const text = licenceText(path) || `Licence: ${license}`;
    byText.set(text, [...(byText.get(text) ?? []), `${name} ${version}`]);
  }
  return [...byText].map(([text, names]) => `## ${names.join(' · ')}\n\n${indent(text)}\n`).join('\n');
}

function licenceText(path: string): string {
  const dir = join(root, path);
  if (!existsSync(dir)) return '';
  const file = readdirSync(dir).find((name) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(name));
  return file === undefined ? '' : readFileSync(join(dir, file), 'utf8').trim();
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line.trimEnd()}`.trimEnd())
    .join('\n');
}
