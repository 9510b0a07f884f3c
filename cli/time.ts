const STEPS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** `2026/11/21 10:00:00 +0000 (~ 3m ago)` */
export function when(time: string, now: Date): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return time;
  const text = date
    .toISOString()
    .replace(/-/g, '/')
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' +0000');
  return `${text} (~ ${age((now.getTime() - date.getTime()) / 1000)} ago)`;
}

/** Forms of a text that holds what `when` made, from the whole to the briefest; of any other text that alone. */
export function everBriefer(text: string): readonly string[] {
  const [, time = '', ago = ''] =
    /^(\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \+0000) \((~ \d+[dhms] ago)\)$/.exec(text) ?? [];
  return time === '' ? [text] : [text, time, ago];
}

function age(seconds: number): string {
  const [unit, size] = STEPS.find(([, length]) => seconds >= length) ?? ['s', 1];
  return `${Math.max(0, Math.floor(seconds / size))}${unit}`;
}
