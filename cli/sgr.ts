/**
 * What is switched on by sequences that choose colours and weights (ECMA-48, "select graphic rendition"), so that text from
 * elsewhere leaves nothing switched on behind it. Unknown parameters count as something that is on.
 */
export function leftOn(sequences: readonly string[]): boolean {
  const on = new Set<string>();
  for (const parameter of sequences.flatMap(parametersOf)) {
    if (parameter === 0) on.clear();
    else if (ENDS.has(parameter)) on.delete(ENDS.get(parameter) ?? '');
    else on.add(kindOf(parameter));
  }
  return on.size > 0;
}

/** Whether it would make text invisible. */
export function hides(sequence: string): boolean {
  return parametersOf(sequence).includes(CONCEAL);
}

const CONCEAL = 8;
const ENDS: ReadonlyMap<number, string> = new Map([
  [22, 'weight'],
  [23, 'italic'],
  [24, 'underline'],
  [25, 'blink'],
  [27, 'inverse'],
  [28, 'conceal'],
  [29, 'strike'],
  [39, 'foreground'],
  [49, 'background'],
]);
const BEGINS = [
  '',
  'weight',
  'weight',
  'italic',
  'underline',
  'blink',
  'blink',
  'inverse',
  'conceal',
  'strike',
];

function kindOf(parameter: number): string {
  if ((parameter >= 30 && parameter <= 38) || (parameter >= 90 && parameter <= 97)) return 'foreground';
  if ((parameter >= 40 && parameter <= 48) || (parameter >= 100 && parameter <= 107)) return 'background';
  return BEGINS[parameter] ?? 'something else';
}

/** Without those that only say which colour: `38;5;8` is a foreground and conceals nothing. */
function parametersOf(sequence: string): number[] {
  const all = sequence
    .slice(2, -1)
    .split(';')
    .map((text) => Number(text.split(':')[0]));
  const parameters: number[] = [];
  for (let i = 0; i < all.length; i += 1) {
    const parameter = all[i] ?? 0;
    parameters.push(parameter);
    if (parameter !== 38 && parameter !== 48) continue;
    if (all[i + 1] === 5) i += 2;
    else if (all[i + 1] === 2) i += 4;
  }
  return parameters;
}
